//! What the table says of an option.

use super::ca::Ca;
use super::header::Header;
use super::kind::Kind;
use super::shape::Case;
use super::terms::Terms;
use super::value::Value;

/// An option: a row of the table.
#[derive(Clone, Copy, Debug)]
pub struct CaseOption {
    /// Its name: the key of suites, and with dashes the flag.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// What else `--help` says.
    pub more: &'static str,
    /// What stands for its value in `--help`; the name where empty.
    pub value_name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What holds where nothing is said.
    pub default: Unsaid,
    /// What it is said of.
    pub scope: Scope,
    /// Where it may stand in a suite.
    pub suites: Suites,
    /// The variable that takes its place where neither flag nor suite says it. No other is heeded.
    pub heeded: Option<&'static str>,
    /// The option that it takes the place of.
    pub instead_of: Option<&'static str>,
    /// The option whose value it has where nothing is said.
    pub follows: Option<&'static str>,
    /// The option without which it has no effect.
    pub needs: Option<&'static str>,
    /// What a test program gets of it, in [`CaseOption::variable`].
    pub program: Program,
    /// Its column of `cases` in the database.
    pub sql: Option<&'static str>,
    /// Its column of results.
    pub csv: Option<Csv>,
    /// Its column where cases are shown to people.
    pub screen: Screen,
    /// Where it is kept.
    pub kept: Kept,
}

/// What holds where nothing is said of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsaid {
    /// There is none: the option is left out.
    None,
    /// This.
    Is(&'static str),
    /// This, unless another option says otherwise (`--quick` does): its help says so.
    Usually(&'static str),
}

/// What an option is said of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Each replica: more replicas, more load.
    Replica,
    /// A run as a whole.
    Run,
    /// A campaign.
    Campaign,
}

/// Where an option may stand in a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suites {
    /// In `[suite]`: one value for the whole campaign.
    Once,
    /// In `[defaults]` and `[[matrix]]`.
    Axis,
    /// There too, and `"none"` leaves it out.
    OptionalAxis,
    /// Nowhere under its own name.
    Nowhere,
}

/// What a test program gets of an option.
#[derive(Clone, Copy, Debug)]
pub enum Program {
    /// Nothing: it is the harness that obeys.
    Nothing,
    /// The value, as its flag takes it.
    Value,
    /// What is reckoned from it and from the run.
    Reckoned(fn(&Told<'_>) -> Option<String>),
}

/// What is known as the programs of a run start.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What is run.
    pub case: &'a Case,
    /// Requests a second over all replicas; `None` in a closed loop.
    pub rate_per_second: Option<f64>,
    /// The target's URL.
    pub target: &'a str,
}

/// A column of results.
#[derive(Clone, Copy, Debug)]
pub struct Csv {
    /// Its name.
    pub name: &'static str,
    /// The unit of its values.
    pub unit: &'static str,
    /// What it is.
    pub source: &'static str,
}

/// The values of a case by the names of their options, wherever they are kept.
pub type Values<'a> = dyn Fn(&str) -> Option<Value> + 'a;

/// What people see of an option.
#[derive(Clone, Copy, Debug)]
pub enum Screen {
    /// Nothing.
    Hidden,
    /// The value under the option's name, and this where a case has none; nothing where that is empty.
    Value(&'static str),
    /// A name and a text of its own.
    Own(&'static str, fn(&Values<'_>) -> Option<String>),
}

/// Where the value of an option is kept.
#[derive(Clone, Copy, Debug)]
pub enum Kept {
    /// In each case.
    InCase {
        /// The value of a case, where it has one.
        get: fn(&Case) -> Option<Value>,
        /// Gives a case the value.
        set: fn(&mut Case, &Value),
    },
    /// Once.
    InCampaign {
        /// Gives a campaign the value.
        set: fn(&mut Terms, &Value),
    },
    /// Among the parameters of tests.
    InParams,
}

impl CaseOption {
    /// The flag, without its dashes in front.
    #[must_use]
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// The variable by which a test program gets it, where it does.
    #[must_use]
    pub fn variable(&self) -> Option<String> {
        (!matches!(self.program, Program::Nothing)).then(|| format!("BENCHMARK_{}", self.name.to_uppercase()))
    }

    /// What a test program gets of it in a run.
    #[must_use]
    pub fn told(&self, told: &Told<'_>) -> Option<String> {
        match self.program {
            Program::Nothing => None,
            Program::Value => self.of(told.case).map(|value| value.to_string()),
            Program::Reckoned(reckon) => reckon(told),
        }
    }

    /// Reads a text as the flag and the key of a suite do.
    ///
    /// # Errors
    /// A sentence with the text and what it should have been.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        self.kind.parse(self.name, text)
    }

    /// Reads a text that may hold several, as cases show them: `reset=1%; truncate=1%`, `x-api-key: *** (1f0c)`.
    ///
    /// # Errors
    /// A sentence with the text and what it should have been.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        if self.kind == Kind::Headers
            && let Some(kept) = text.split("; ").map(Header::kept).collect()
        {
            return Ok(Value::Headers(kept));
        }
        if self.kind == Kind::Certificates
            && let Some(kept) = Ca::kept(text)
        {
            return Ok(Value::Ca(kept));
        }
        if self.kind != Kind::Specs {
            return self.parse(text);
        }
        let specs = text.split(';').map(str::trim).filter(|spec| !spec.is_empty());
        let specs = specs.map(|spec| self.parse(spec)).collect::<Result<Vec<_>, _>>()?;
        Ok(Value::together(&specs).unwrap_or(Value::Specs(Vec::new())))
    }

    /// The value of a case, where it has one.
    #[must_use]
    pub fn of(&self, case: &Case) -> Option<Value> {
        match self.kept {
            Kept::InCase { get, .. } => get(case),
            Kept::InCampaign { .. } | Kept::InParams => None,
        }
    }

    /// Gives a case a value; nothing where it is no option of a case.
    pub fn set(&self, case: &mut Case, value: &Value) {
        if let Kept::InCase { set, .. } = self.kept {
            set(case, value);
        }
    }

    /// What holds where nothing is said, for whatever reason.
    #[must_use]
    pub fn default_value(&self) -> Option<Value> {
        match self.default {
            Unsaid::None => None,
            Unsaid::Is(text) | Unsaid::Usually(text) => self.parse(text).ok(),
        }
    }

    /// The column under which people see it.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self.screen {
            Screen::Own(title, _) => title,
            Screen::Hidden | Screen::Value(_) => self.name,
        }
    }

    /// What people see of it in a case.
    #[must_use]
    pub fn shown(&self, values: &Values<'_>) -> Option<String> {
        match self.screen {
            Screen::Hidden => None,
            Screen::Own(_, text) => text(values),
            Screen::Value(_) => self.said(values),
        }
    }

    /// The value of a case in words that are equal where it means the same: that of the option which it follows, or that there is none.
    #[must_use]
    pub fn said(&self, values: &Values<'_>) -> Option<String> {
        let value = values(self.name);
        if let Some(other) = self.follows.filter(|other| value.is_some() && values(other) == value) {
            return Some(format!("as {other}"));
        }
        let said = value.map(|value| value.to_string()).filter(|text| !text.is_empty());
        said.or_else(|| self.absent().map(str::to_owned))
    }

    /// The words for a case that has none, where there are any.
    #[must_use]
    pub fn absent(&self) -> Option<&'static str> {
        match self.screen {
            Screen::Value(words) => Some(words).filter(|words| !words.is_empty()),
            Screen::Hidden | Screen::Own(..) => None,
        }
    }
}
