//! The table of settings in docs/storefront.md against the settings.

use super::{Settings, VARIABLES};

/// The cells of the table's rows: the setting, its default in TOML, its variable or nothing.
fn rows() -> Vec<[String; 3]> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/storefront.md")).unwrap();
    let cells = |line: &str| {
        let mut cells = line.split('|').skip(1).map(|cell| cell.trim().trim_matches('`').to_owned());
        [(); 3].map(|()| cells.next().unwrap())
    };
    let table = text.lines().skip_while(|line| !line.starts_with("| Setting |")).skip(2);
    table.take_while(|line| line.starts_with('|')).map(cells).collect()
}

#[test]
fn the_documented_defaults_are_the_defaults() {
    let rows = rows();
    assert!(rows.len() >= 12, "{rows:?}");
    for [setting, default, _] in rows {
        let settings: Settings = toml::from_str(&format!("{setting} = {default}")).unwrap();
        assert_eq!(settings, Settings::default(), "{setting}");
    }
}

#[test]
fn the_documented_variables_are_those_of_their_settings() {
    for [setting, _, variable] in rows() {
        let (section, name) = setting.split_once('.').unwrap();
        let known = VARIABLES.iter().find(|(_, in_section, named)| (*in_section, *named) == (section, name));
        assert_eq!(variable, known.map_or("", |(variable, _, _)| variable), "{setting}");
    }
}
