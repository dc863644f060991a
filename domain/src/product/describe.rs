//! What shoppers read about a product and the pictures that they see.

use super::{
    Decision,
    commands::MEDIA_MAX,
    error::ProductError,
    events::{Media, ProductDescribed, ProductMediaSet},
    state::{ProductDetails, ProductState},
};

pub(super) fn describe(state: &ProductState, details: &ProductDetails) -> Decision {
    let product = state.existing()?;
    if product.details.as_deref() == Some(details) {
        return Ok(vec![]);
    }
    product.changeable()?;
    Ok(vec![ProductDescribed::from(details.clone()).into()])
}

/// Where none is named as primary, the first one is.
pub(super) fn set_media(state: &ProductState, media: &[Media]) -> Decision {
    let product = state.existing()?;
    if media.len() > MEDIA_MAX {
        return Err(ProductError::TooManyMedia { max: MEDIA_MAX });
    }
    for (index, medium) in media.iter().enumerate() {
        if media.iter().take(index).any(|earlier| earlier.url == medium.url) {
            return Err(ProductError::DuplicateMedia { url: medium.url.clone() });
        }
    }
    let mut media = media.to_vec();
    match media.iter().filter(|medium| medium.primary).count() {
        0 => media.iter_mut().take(1).for_each(|first| first.primary = true),
        1 => {}
        _ => return Err(ProductError::SeveralPrimaryMedia),
    }
    if product.media == media {
        return Ok(vec![]);
    }
    product.changeable()?;
    Ok(vec![ProductMediaSet { media }.into()])
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::ProductCommand as Command,
        samples::{details, discontinue, discontinued, draft, medium, nothing},
    };
    use super::*;

    fn say(text: &str) -> Command {
        Command::Describe { details: details(text) }
    }

    fn show(media: &[Media]) -> Command {
        Command::SetMedia { media: media.to_vec() }
    }

    #[test]
    fn a_description_replaces_the_one_before() {
        draft().when(say("Shines")).then([ProductDescribed::from(details("Shines")).into()]);
        draft().and(say("Shines")).when(say("Shines")).then_nothing();
        draft().and(say("Shines")).when(say("")).then([ProductDescribed::from(details("")).into()]);
        let state = draft().and(say("Shines")).and(say("Glows")).state();
        assert_eq!(state.existing().unwrap().details.as_deref(), Some(&details("Glows")));
    }

    #[test]
    fn only_a_product_that_can_change_is_described() {
        nothing().when(say("Shines")).then_refused(ProductError::NotFound);
        discontinued().when(say("Shines")).then_refused(ProductError::Discontinued);
        draft().and(say("Shines")).and(discontinue()).when(say("Shines")).then_nothing();
        nothing().when(show(&[])).then_refused(ProductError::NotFound);
        discontinued().when(show(&[medium(1, true)])).then_refused(ProductError::Discontinued);
        discontinued().when(show(&[])).then_nothing();
    }

    #[test]
    fn one_picture_stands_for_the_product() {
        let set = |media: &[Media]| ProductMediaSet { media: media.to_vec() }.into();
        let second = [medium(1, false), medium(2, true)];
        draft().when(show(&second)).then([set(&second)]);
        draft().when(show(&[medium(1, false), medium(2, false)])).then([set(&[medium(1, true), medium(2, false)])]);
        draft().when(show(&[medium(1, true), medium(2, true)])).then_refused(ProductError::SeveralPrimaryMedia);
        draft().and(show(&second)).when(show(&[])).then([set(&[])]);
        draft().and(show(&[medium(1, false)])).when(show(&[medium(1, true)])).then_nothing();
        draft().when(show(&[])).then_nothing();
    }

    #[test]
    fn pictures_are_bounded_and_shown_once() {
        let many = |count: usize| (0..).take(count).map(|n| medium(n, n == 0)).collect::<Vec<_>>();
        draft().when(show(&many(MEDIA_MAX))).then([ProductMediaSet { media: many(MEDIA_MAX) }.into()]);
        draft().when(show(&many(MEDIA_MAX + 1))).then_refused(ProductError::TooManyMedia { max: MEDIA_MAX });
        let refusal = ProductError::DuplicateMedia { url: medium(1, false).url };
        draft().when(show(&[medium(1, true), medium(2, false), medium(1, false)])).then_refused(refusal);
    }
}
