//! A checkout in a world that does whatever it likes: answers come late or twice, effects happen whose answers are lost,
//! holds lapse, others buy the goods, money comes and goes, and the order is cancelled at any moment. Orders and stock are
//! the real aggregates. Whatever happened, nothing is left over once it is quiet.

mod world;

use proptest::{collection::vec, prelude::*};
use tillroll_domain::checkout::CapturePolicy;
use world::{Setting, World};

/// What the world does next, and to which of several things.
#[derive(Debug, Clone, Copy)]
enum Whim {
    /// An open action is carried out, and its answer arrives.
    Answer(usize),
    /// An open action is carried out, and its answer is lost.
    LoseAnswer(usize),
    /// Something that was sent long ago is carried out once more.
    Twin(usize),
    /// The next event is told.
    Tell,
    /// The buyer cancels the order.
    Cancel,
    /// The money is set aside.
    Pay,
    /// It is set free again.
    Lapse,
    /// Ten minutes go by, with the timers that they bring.
    Wait,
    /// Holds whose time is over are ended.
    Sweep,
    /// Somebody else takes a unit.
    Take(usize),
    /// A unit arrives.
    Receive(usize),
    /// The staff lets go of what is held for the order.
    LetGo(usize),
    /// The staff confirms the order.
    Confirm,
    /// What a cancelled order held is given back by the process of its cancellation.
    GiveBack,
}

fn whims() -> impl Strategy<Value = Vec<Whim>> {
    let whim = prop_oneof![
        12 => (0..20_usize).prop_map(Whim::Answer),
        4 => (0..20_usize).prop_map(Whim::LoseAnswer),
        3 => (0..50_usize).prop_map(Whim::Twin),
        8 => Just(Whim::Tell),
        1 => Just(Whim::Cancel),
        3 => Just(Whim::Pay),
        1 => Just(Whim::Lapse),
        2 => Just(Whim::Wait),
        2 => Just(Whim::Sweep),
        2 => (0..20_usize).prop_map(Whim::Take),
        1 => (0..20_usize).prop_map(Whim::Receive),
        1 => (0..20_usize).prop_map(Whim::LetGo),
        1 => Just(Whim::Confirm),
        1 => Just(Whim::GiveBack),
    ];
    vec(whim, 0..80)
}

fn settings() -> impl Strategy<Value = Setting> {
    let capture = prop_oneof![Just(CapturePolicy::AtOnce), Just(CapturePolicy::AtFulfillment)];
    (vec(1..4_u32, 1..4), 1..4_usize, vec(0..5_i64, 12), prop_oneof![4 => Just(100), 1 => Just(0)], capture, 0..20_u8)
        .prop_map(|(wanted, locations, on_hand, price_minor, capture, luck)| Setting {
            wanted,
            locations,
            on_hand,
            price_minor,
            capture,
            may_buy: luck > 0,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Cases 1, 4, 5, 6, 7, 12 and 27.
    #[test]
    fn whatever_happens_to_a_checkout_nothing_is_left_over(setting in settings(), whims in whims()) {
        let mut world = World::new(&setting);
        for whim in whims {
            match whim {
                Whim::Answer(nth) => world.perform(nth, true),
                Whim::LoseAnswer(nth) => world.perform(nth, false),
                Whim::Twin(nth) => world.repeat(nth),
                Whim::Tell => world.tell(),
                Whim::Cancel => world.cancel(),
                Whim::Pay => world.pay(),
                Whim::Lapse => world.lapse(),
                Whim::Wait => world.wait(),
                Whim::Sweep => world.sweep(),
                Whim::Take(nth) => world.take(nth),
                Whim::Receive(nth) => world.receive(nth),
                Whim::LetGo(nth) => world.let_go(nth),
                Whim::Confirm => world.confirm(),
                Whim::GiveBack => world.give_back(),
            }
        }
        world.settle();
        world.check();
        // Whatever was sent may still be on its way.
        world.repeat_all();
        world.settle();
        world.check();
    }
}
