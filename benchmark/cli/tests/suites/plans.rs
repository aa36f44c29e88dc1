//! What each of the checkout's suites would do.

use benchmark::plan::Selection;
use benchmark::report::dry_run;
use benchmark::suite::{list, plan};

use super::{EXAMPLES, example, flags, libraries};
use benchmark::library::root;

fn dry(name: &str) -> String {
    dry_run(&plan(&example(name), &libraries(), &Selection::default(), &flags(&[])).unwrap())
}

#[test]
fn every_suite_of_the_checkout_is_snapped_here_and_says_what_it_is() {
    let listed = list(&root().unwrap()).unwrap();
    assert_eq!(listed.iter().map(|suite| suite.name.as_str()).collect::<Vec<_>>(), EXAMPLES);
    for suite in listed {
        assert!(suite.description.is_some(), "{}", suite.name);
    }
}

#[test]
fn quick() {
    insta::assert_snapshot!(dry("quick"));
}

#[test]
fn ranges() {
    insta::assert_snapshot!(dry("ranges"));
}

#[test]
fn rates() {
    insta::assert_snapshot!(dry("rates"));
}
