//! [`Demangled`]: names of functions as people wrote them, for backtraces and errors: of Rust and
//! C++, with the feature `demangle`. What a module calls its functions is nobody's promise: names
//! that are long, nest deep or become long stay as they are.

use crate::Escaped;
use core::fmt;

/// Shows the name of a function, as it was before it was mangled, [`Escaped`].
pub(crate) struct Demangled<'a>(pub(crate) &'a str);

impl fmt::Display for Demangled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "demangle")]
        if let Some(name) = names::demangled(self.0) {
            return Escaped(&name).fmt(f);
        }
        Escaped(self.0).fmt(f)
    }
}

#[cfg(feature = "demangle")]
mod names {
    use alloc::string::String;
    use core::fmt::{self, Write};
    use cpp_demangle::{DemangleOptions, ParseOptions, Symbol};

    /// How long a mangled name may be.
    const MAX_MANGLED: usize = 1024;
    /// How long what it stands for may be: each substitution can double that.
    const MAX_DEMANGLED: usize = 4096;
    /// How deep it may nest.
    const MAX_DEPTH: u32 = 64;

    /// Text that must not become too long.
    #[derive(Default)]
    struct Bounded(String);

    impl Write for Bounded {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            if text.len() > MAX_DEMANGLED - self.0.len() {
                return Err(fmt::Error);
            }
            self.0.push_str(text);
            Ok(())
        }
    }

    /// What a mangled name stands for, if it is one.
    pub(super) fn demangled(name: &str) -> Option<String> {
        if name.len() > MAX_MANGLED || !(name.starts_with("_Z") || name.starts_with("_R")) {
            return None;
        }
        let mut text = Bounded::default();
        if let Ok(rust) = rustc_demangle::try_demangle(name) {
            // Without the hash at its end.
            write!(text, "{rust:#}").ok()?;
            return Some(text.0);
        }
        let parsing = ParseOptions::default().recursion_limit(MAX_DEPTH);
        let symbol = Symbol::new_with_options(name, &parsing).ok()?;
        let showing = DemangleOptions::default().recursion_limit(MAX_DEPTH);
        symbol.structured_demangle(&mut text, &showing).ok()?;
        Some(text.0)
    }

    #[cfg(test)]
    mod tests {
        use super::{MAX_DEMANGLED, demangled};
        use alloc::{format, string::String};

        #[test]
        fn names_are_as_people_wrote_them() {
            for (mangled, name) in [
                ("_ZN4core9panicking5panic17h0123456789abcdefE", "core::panicking::panic"),
                ("_RNvCs1234_7mycrate3foo", "mycrate::foo"),
                ("_ZN5space3fooEibc", "space::foo(int, bool, char)"),
                (
                    "_ZNSt3__26vectorIiNS_9allocatorIiEEE9push_backERKi",
                    "std::__2::vector<int, std::__2::allocator<int> >::push_back(int const&)",
                ),
            ] {
                assert_eq!(demangled(mangled).as_deref(), Some(name));
            }
            for other in ["main", "_start", "_Z", "größe", ""] {
                assert_eq!(demangled(other), None, "{other}");
            }
        }

        /// Each argument is twice as long as the one before.
        #[test]
        fn what_becomes_too_long_stays_as_it_is() {
            let doubled = |times: usize| {
                let pairs: String = (0..times).map(|i| format!("1PIS{0}_S{0}_E", i + 1)).collect();
                demangled(&format!("_Z1f1AIiE1PIS_S_E{pairs}"))
            };
            assert!(doubled(0).is_some());
            for times in 1..36 {
                assert!(doubled(times).is_none_or(|name| name.len() <= MAX_DEMANGLED));
            }
            assert_eq!(demangled(&format!("_Z1f{}", "i".repeat(1100))), None);
            assert_eq!(demangled(&format!("_Z1f{}i", "P".repeat(100))), None);
        }
    }
}
