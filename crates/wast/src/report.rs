//! [`Report`]: what came of a script, directive by directive. The runner fills it; the command and
//! the suite's harness print it. Every directive of a script is in it, as passed or as failed.

use core::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// The kinds of directives in a script.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Kind] = &[$(Kind::$name),*];

            /// The directive's name in scripts.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Kind::$name => $text,)*
                }
            }
        }
    };
}

kinds! {
    /// The script as text.
    Script "script";
    /// A module that is instantiated.
    Module "module";
    /// A module that is only defined.
    Definition "module definition";
    /// A defined module that is instantiated.
    Instance "module instance";
    /// Exports that become importable.
    Register "register";
    /// A call.
    Invoke "invoke";
    /// Something returns these results.
    AssertReturn "assert_return";
    /// Something traps.
    AssertTrap "assert_trap";
    /// Something throws.
    AssertException "assert_exception";
    /// A call exhausts the stack.
    AssertExhaustion "assert_exhaustion";
    /// A module is not valid.
    AssertInvalid "assert_invalid";
    /// A module is not well-formed.
    AssertMalformed "assert_malformed";
    /// A module can't be linked.
    AssertUnlinkable "assert_unlinkable";
    /// A custom section is not valid.
    AssertInvalidCustom "assert_invalid_custom";
    /// A custom section is not well-formed.
    AssertMalformedCustom "assert_malformed_custom";
    /// Something suspends with nobody to handle it.
    AssertSuspension "assert_suspension";
    /// Directives that run in a thread.
    Thread "thread";
    /// The end of a thread.
    Wait "wait";
}

impl Kind {
    /// Whether the directive asserts something.
    pub fn is_assertion(self) -> bool {
        self.name().starts_with("assert_")
    }
}

/// A directive that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it is.
    pub kind: Kind,
    /// Its line in the script, from 1.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
    /// What happened, and what was expected.
    pub reason: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.line, self.column, self.kind.name(), self.reason)
    }
}

/// What came of the directives of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    passed: [usize; Kind::ALL.len()],
    failures: Vec<Failure>,
}

impl Report {
    pub(crate) fn pass(&mut self, kind: Kind) {
        self.passed[kind as usize] += 1;
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        self.failures.push(failure);
    }

    /// How many directives of this kind passed.
    pub fn passed(&self, kind: Kind) -> usize {
        self.passed[kind as usize]
    }

    /// How many directives of this kind failed.
    pub fn failed(&self, kind: Kind) -> usize {
        self.failures.iter().filter(|failure| failure.kind == kind).count()
    }

    /// How many directives passed.
    pub fn total_passed(&self) -> usize {
        self.passed.iter().sum()
    }

    /// The directives that failed, in order.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// Whether all passed.
    pub fn is_success(&self) -> bool {
        self.failures.is_empty()
    }

    /// Adds what came of another script.
    pub fn merge(&mut self, other: Report) {
        for (sum, count) in self.passed.iter_mut().zip(other.passed) {
            *sum += count;
        }
        self.failures.extend(other.failures);
    }
}

/// "3 passed, 1 failed", with the number of each kind.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.total_passed(), self.failures.len())?;
        let mut separator = " (";
        for &kind in Kind::ALL {
            let (passed, failed) = (self.passed(kind), self.failed(kind));
            if passed + failed > 0 {
                write!(f, "{separator}{} {passed}/{}", kind.name(), passed + failed)?;
                separator = ", ";
            }
        }
        if separator == ", " { f.write_str(")") } else { Ok(()) }
    }
}
