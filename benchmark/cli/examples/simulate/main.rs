//! What the rules of comparison are worth: 10,000 invented campaigns with log-normal noise whose truth is known.
//!
//! ```text
//! cargo run --release -p benchmark --example simulate
//! ```

mod campaigns;

use benchmark::stats::comparison::Until;
use campaigns::{Noise, Rule, Stop, share_different, stopped};

const CAMPAIGNS: u32 = 10_000;

/// Standard deviations between trials, beside a block's.
const SPREADS: [f64; 5] = [0.005, 0.01, 0.018, 0.02, 0.03];

const BLOCK: f64 = 0.02;

fn main() {
    println!("share of {CAMPAIGNS} campaigns called different (block sd {:.0} %)\n", BLOCK * 100.0);
    table("the same program twice, 5 trials", 5, 1.0);
    table("the same program twice, 10 trials", 10, 1.0);
    table("0.5 % slower, 40 trials: a difference that is none", 40, 1.005);
    table("5 % slower, 10 trials: to be found", 10, 1.05);
    table("5 % slower, 5 trials", 5, 1.05);
    early_stop();
}

fn table(title: &str, trials: u32, ratio: f64) {
    print!("{title:<52}");
    SPREADS.iter().for_each(|trial| print!("  trial sd {:>3.1} %", trial * 100.0));
    println!();
    for rule in Rule::ALL {
        print!("  {:<50}", rule.title());
        for trial in SPREADS {
            let share = share_different(rule, Noise { trial, block: BLOCK }, trials, ratio, CAMPAIGNS);
            print!("  {:>12.2} %", share * 100.0);
        }
        println!();
    }
    println!();
}

/// One case whose trials spread so much over all blocks, ended at ±2 % or after 40 trials.
fn early_stop() {
    let (share, most) = (0.02, 40);
    let until = Until::new(share, most);
    println!("--until 2%, 40 trials at most: looks after {:?}, each at {:.2} %", until.looks(), until.level() * 100.0);
    println!("{:<40}  interval of the end holds the truth   at 99 %   ended early   trials", "spread over all blocks");
    for trial in SPREADS {
        let noise = Noise { trial, block: 0.0 };
        for (title, stop) in
            [("fixed looks (ours)", Stop::Until(&until)), ("after every block at 99 %", Stop::AtFirstSight(share))]
        {
            let of = stopped(&stop, noise, most, CAMPAIGNS);
            println!(
                "{:>4.1} %  {title:<32}  {:>34.2} %   {:>5.2} %   {:>9.1} %   {:>6.1}",
                trial * 100.0,
                of.covered * 100.0,
                of.covered_at_99 * 100.0,
                of.early * 100.0,
                of.trials
            );
        }
    }
}
