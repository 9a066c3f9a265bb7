//! [`Count`]: how many there are of something, in a message. Whoever shows a number of things does
//! so through this; it knows no word whose plural is not made by an `s`.

use core::fmt;

/// Shows so many of something, as people say it.
///
/// ```
/// use windlass_decode::Count;
/// assert_eq!(Count(1, "page").to_string(), "1 page");
/// assert_eq!(Count(0, "page").to_string(), "0 pages");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Count<N>(pub N, pub &'static str);

impl<N: Copy + fmt::Display + TryInto<u8>> fmt::Display for Count<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_one = self.0.try_into().is_ok_and(|number| number == 1);
        write!(f, "{} {}{}", self.0, self.1, if is_one { "" } else { "s" })
    }
}
