//! What programs work on: made by seeded generators, so the same in every run and on every host.
//! None is taken from anywhere.

pub(super) mod cartridge;
pub(super) mod documents;
pub(super) mod signals;
pub(super) mod sources;

/// Numbers that follow from a seed (SplitMix64).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        u32::try_from((self.next() >> 32) * u64::from(end) >> 32).expect("it is below `end`")
    }

    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.index(choices.len())]
    }

    fn index(&mut self, len: usize) -> usize {
        self.below(u32::try_from(len).expect("lists are short")) as usize
    }

    pub(super) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.byte()).collect()
    }
}

/// A vocabulary: few of its words are frequent, many rare, as in a language.
pub(super) struct Words(Vec<String>);

const ONSETS: [&str; 14] = ["b", "c", "d", "f", "g", "l", "m", "n", "p", "r", "s", "t", "st", "tr"];
const NUCLEI: [&str; 8] = ["a", "e", "i", "o", "u", "ea", "io", "ou"];
const CODAS: [&str; 9] = ["", "", "", "n", "r", "s", "t", "l", "nd"];

impl Words {
    pub(super) fn new(random: &mut Random, count: usize) -> Words {
        let word = |random: &mut Random| {
            let mut word = String::new();
            for _ in 0..=random.below(3) {
                word += random.pick(&ONSETS);
                word += random.pick(&NUCLEI);
                word += random.pick(&CODAS);
            }
            word
        };
        Words((0..count).map(|_| word(random)).collect())
    }

    pub(super) fn word(&self, random: &mut Random) -> &str {
        // The least of three is small most of the time.
        let index = (0..3).map(|_| random.index(self.0.len())).min().unwrap_or(0);
        &self.0[index]
    }

    /// A word that can be a name in a program: no keyword of any language ends so.
    pub(super) fn name(&self, random: &mut Random) -> String {
        format!("{}_{}", self.word(random), self.word(random))
    }

    pub(super) fn capital(&self, random: &mut Random) -> String {
        let word = self.word(random);
        word[..1].to_uppercase() + &word[1..]
    }

    pub(super) fn sentence(&self, random: &mut Random) -> String {
        let mut sentence = self.capital(random);
        for _ in 0..4 + random.below(12) {
            sentence += if random.chance(8) { ", " } else { " " };
            sentence += self.word(random);
        }
        sentence + if random.chance(10) { "?" } else { "." }
    }
}
