//! What `examples/simulate` prints, smaller: the rules of comparison on invented campaigns whose truth is known.

use benchmark::stats::comparison::{Twins, Until};

use super::simulated::{Draws, Noise, Rule, Stop, share_different, stopped};

const CAMPAIGNS: u32 = 2_000;

#[test]
fn a_program_against_itself_is_called_different_in_less_than_one_campaign_of_a_hundred() {
    for trial in [0.005, 0.01, 0.03] {
        let share = share_different(Rule::Ours, Noise { trial, block: 0.05 }, 5, 1.0, CAMPAIGNS);
        assert!(share < 0.01, "{share} at {trial}");
    }
    // So that this test is known to tell rules apart: the usual ones are wrong in one campaign of 20, and of 6.
    let noise = Noise { trial: 0.01, block: 0.05 };
    let t_test = share_different(Rule::TTest, noise, 5, 1.0, CAMPAIGNS);
    assert!((0.035..0.065).contains(&t_test), "{t_test}");
    let bootstrap = share_different(Rule::Bootstrap, noise, 5, 1.0, CAMPAIGNS);
    assert!((0.14..0.18).contains(&bootstrap), "{bootstrap}");
}

#[test]
fn a_difference_below_the_threshold_is_none_however_many_trials_there_are() {
    let noise = Noise { trial: 0.005, block: 0.02 };
    assert_eq!(share_different(Rule::Ours, noise, 40, 1.005, 500), 0.0);
    assert!(share_different(Rule::ExcludesOne, noise, 40, 1.005, 500) > 0.9);
}

#[test]
fn a_slowdown_of_five_percent_is_found_in_nine_of_ten_campaigns_of_ten_trials() {
    for trial in [0.005, 0.01, 0.015] {
        let share = share_different(Rule::Ours, Noise { trial, block: 0.05 }, 10, 1.05, CAMPAIGNS);
        assert!(share >= 0.9, "{share} at {trial}");
    }
}

#[test]
fn an_early_stop_keeps_the_level() {
    let until = Until::new(0.02, 40);
    // Three standard errors of a share of 1 % below 99 %.
    let least = 0.99 - 3.0 * (0.01_f64 * 0.99 / f64::from(CAMPAIGNS)).sqrt();
    for trial in [0.005, 0.01, 0.02, 0.03] {
        let of = stopped(&Stop::Until(&until), Noise { trial, block: 0.0 }, 40, CAMPAIGNS);
        assert!(of.covered >= least, "{of:?} at {trial}");
        assert!(of.early > 0.3, "{of:?} at {trial}");
    }
    let naive = stopped(&Stop::AtFirstSight(0.02), Noise { trial: 0.03, block: 0.0 }, 40, CAMPAIGNS);
    assert!(naive.covered < least, "{naive:?}");
}

#[test]
fn twins_differ_where_one_of_them_is_slower() {
    let mut draws = Draws::new(3);
    let noise = Noise { trial: 0.003, block: 0.05 };
    let [a, b] = draws.campaign(noise, 5, 1.0);
    // Only CPU time is drawn; the rate is the same everywhere.
    assert!(!Twins::of(&a, &b).unwrap().differ());
    let [a, b] = draws.campaign(noise, 5, 1.05);
    let twins = Twins::of(&a, &b).unwrap();
    assert!(twins.differ() && twins.rate.half_width() < 1e-9 && twins.cpu.half_width() < 0.03);
    let [a, b] = draws.campaign(noise, 4, 1.05);
    assert_eq!(Twins::of(&a, &b), None);
}
