//! What vector instructions compute, a second time: lane by lane, by the second definitions of
//! instructions of numbers where there is one, and by integers of any size where not. After the
//! specification's text; relaxed instructions as its deterministic profile says. `numeric` asks.

use super::definitions::{
    Defined::{self, Bits},
    scalar, signed, truth, unsigned, wrap,
};

/// Lanes of a vector, the lowest first: the width of each, and what it must be.
pub(super) type Lanes = Vec<(u32, Defined)>;

/// The lanes of the result of the instruction of this name; one as wide as the result if that is no
/// vector. `immediate` are the lanes that it names.
///
/// # Panics
/// If there is no definition for it.
pub(super) fn defined(name: &str, args: &[u128], immediate: &[u8]) -> Lanes {
    let (shape, op) = name.split_once('.').expect("names have a type");
    if shape == "v128" {
        return whole(op, args);
    }
    let (ty, count) = shape.split_once('x').expect("vectors have so many lanes");
    let width = number(&ty[1..]);
    assert_eq!(width * number(count), 128, "{name}: they fill it");
    let vectors = Vectors { is_float: ty.starts_with('f'), width, args, immediate };
    let relaxed = op.strip_prefix("relaxed_");
    relaxed
        .and_then(|op| vectors.relaxed(op))
        .or_else(|| vectors.moved(op))
        .or_else(|| vectors.widened(op))
        .or_else(|| vectors.converted(op))
        .or_else(|| if vectors.is_float { vectors.floats(op) } else { vectors.integers(op) })
        .unwrap_or_else(|| panic!("{name}: no second definition"))
}

fn number(text: &str) -> u32 {
    text.parse().expect("names have numbers")
}

/// Instructions on vectors as 128 bits.
fn whole(op: &str, args: &[u128]) -> Lanes {
    let bit = |of: usize, n: u32| args[of] >> n & 1 == 1;
    if op == "any_true" {
        return vec![(32, truth((0..128).any(|n| bit(0, n))))];
    }
    let of = |n: u32| match op {
        "not" => !bit(0, n),
        "and" => bit(0, n) && bit(1, n),
        "andnot" => bit(0, n) && !bit(1, n),
        "or" => bit(0, n) || bit(1, n),
        "xor" => bit(0, n) != bit(1, n),
        "bitselect" => bit(if bit(2, n) { 0 } else { 1 }, n),
        _ => panic!("v128.{op}: no second definition"),
    };
    (0..128).map(|n| (1, truth(of(n)))).collect()
}

/// One instruction and its operands.
struct Vectors<'a> {
    is_float: bool,
    /// How wide the lanes of its name are.
    width: u32,
    args: &'a [u128],
    immediate: &'a [u8],
}

impl Vectors<'_> {
    /// The bits of an operand's lanes of this width.
    fn lanes(&self, arg: usize, width: u32) -> Vec<u64> {
        let lane = |at: u32| self.args[arg] >> (at * width) & ((1 << width) - 1);
        (0..128 / width).map(|at| u64::try_from(lane(at)).expect("it is a lane")).collect()
    }

    /// An operand that is no vector.
    fn scalar(&self, arg: usize) -> u64 {
        u64::try_from(self.args[arg]).expect("it has at most 64 bits")
    }

    /// As wide as its name says.
    fn all(&self, lanes: impl IntoIterator<Item = Defined>) -> Option<Lanes> {
        Some(lanes.into_iter().map(|lane| (self.width, lane)).collect())
    }

    /// Each lane of the operands, together with those at the same place of the others.
    fn each(&self, lane: impl Fn(&[u64]) -> Defined) -> Option<Lanes> {
        let all: Vec<Vec<u64>> =
            (0..self.args.len()).map(|arg| self.lanes(arg, self.width)).collect();
        let at = |at: usize| -> Vec<u64> { all.iter().map(|lanes| lanes[at]).collect() };
        self.all((0..all[0].len()).map(|place| lane(&at(place))))
    }

    /// All bits of a lane, or none.
    fn mask(&self, truth: Defined) -> Defined {
        wrap(self.width, if truth == Bits(1) { -1 } else { 0 })
    }

    /// The number that is nearest in a lane.
    fn saturated(&self, is_signed: bool, number: i128) -> Defined {
        let (least, most) = match is_signed {
            true => (-(1 << (self.width - 1)), (1 << (self.width - 1)) - 1),
            false => (0, (1 << self.width) - 1),
        };
        wrap(self.width, number.clamp(least, most))
    }

    /// Relaxed instructions that are not what they are called without the word.
    fn relaxed(&self, op: &str) -> Option<Lanes> {
        let width = self.width;
        let float = |op: &str, args: &[u64]| scalar(&format!("f{width}.{op}"), args);
        match op {
            "madd" | "nmadd" => self.each(|args| {
                let sign = if op == "nmadd" { 1 << (width - 1) } else { 0 };
                match float("mul", &[args[0] ^ sign, args[1]]) {
                    Bits(product) => float("add", &[product, args[2]]),
                    nan => nan,
                }
            }),
            "laneselect" => Some(whole("bitselect", self.args)),
            "q15mulr_s" => self.integers("q15mulr_sat_s"),
            "dot_i8x16_i7x16_s" => self.all(self.products(8)),
            "dot_i8x16_i7x16_add_s" => {
                let products: Vec<i128> =
                    self.products(8).map(|lane| Vectors::signed_lane(16, lane)).collect();
                let pairs = products.chunks(2).map(|pair| pair[0] + pair[1]);
                let added = pairs.zip(self.lanes(2, 32));
                self.all(added.map(|(sum, lane)| wrap(32, sum + signed(32, lane))))
            }
            _ => match op.strip_prefix("trunc_") {
                Some(rest) => self.converted(&format!("trunc_sat_{rest}")),
                None => self.moved(op).or_else(|| self.floats(op)),
            },
        }
    }

    fn signed_lane(width: u32, lane: Defined) -> i128 {
        let Bits(bits) = lane else { unreachable!("integers are bits") };
        signed(width, bits)
    }

    /// Sums of two products of lanes of half the width, which wrap in the width of two.
    fn products(&self, half: u32) -> impl Iterator<Item = Defined> {
        let product = |(x, y): (&u64, &u64)| signed(half, *x) * signed(half, *y);
        let all: Vec<i128> =
            self.lanes(0, half).iter().zip(&self.lanes(1, half)).map(product).collect();
        let sums: Vec<Defined> =
            all.chunks(2).map(|pair| wrap(2 * half, pair[0] + pair[1])).collect();
        sums.into_iter()
    }

    /// Instructions that move lanes, and those that tell of all.
    fn moved(&self, op: &str) -> Option<Lanes> {
        let width = self.width;
        let lanes = || self.lanes(0, width);
        let byte = |arg: usize, at: u64| match usize::try_from(at) {
            Ok(at) if at < 16 => self.lanes(arg, 8)[at],
            _ => 0,
        };
        let bits = |lane: u64| wrap(width, lane.into());
        let named = || usize::from(self.immediate[0]);
        match op {
            "swizzle" => self.all(self.lanes(1, 8).into_iter().map(|at| Bits(byte(0, at)))),
            "shuffle" => self.all(self.immediate.iter().map(|at| match at / 16 {
                0 => Bits(byte(0, u64::from(*at))),
                _ => Bits(byte(1, u64::from(at % 16))),
            })),
            "splat" => self.all((0..128 / width).map(|_| bits(self.scalar(0)))),
            "extract_lane_s" => Some(vec![(32, wrap(32, signed(width, lanes()[named()])))]),
            "extract_lane" | "extract_lane_u" => Some(vec![(64, Bits(lanes()[named()]))]),
            "replace_lane" => {
                let mut lanes = lanes();
                lanes[named()] = self.scalar(1);
                self.all(lanes.into_iter().map(bits))
            }
            "all_true" => Some(vec![(32, truth(lanes().iter().all(|lane| *lane != 0)))]),
            "bitmask" => {
                let signs = lanes().into_iter().map(|lane| lane >> (width - 1)).enumerate();
                Some(vec![(32, Bits(signs.map(|(at, sign)| sign << at).sum()))])
            }
            _ => None,
        }
    }

    /// Instructions whose operands have narrower or wider lanes of integers.
    fn widened(&self, op: &str) -> Option<Lanes> {
        let (what, rest) = op.split_once("_i")?;
        let (from, rest) = rest.split_once('x')?;
        let from: u32 = from.parse().ok()?;
        let is_signed = rest.ends_with("_s");
        let value =
            |lane: &u64| if is_signed { signed(from, *lane) } else { unsigned(from, *lane) };
        let values =
            |arg: usize| -> Vec<i128> { self.lanes(arg, from).iter().map(value).collect() };
        let half = |values: Vec<i128>| -> Vec<i128> {
            let len = values.len() / 2;
            let skipped = if what.ends_with("high") { len } else { 0 };
            values.into_iter().skip(skipped).take(len).collect()
        };
        let wrapped = |number: i128| wrap(self.width, number);
        match what {
            "extend_low" | "extend_high" => self.all(half(values(0)).into_iter().map(wrapped)),
            "extmul_low" | "extmul_high" => {
                let pairs = half(values(0)).into_iter().zip(half(values(1)));
                self.all(pairs.map(|(x, y)| wrapped(x * y)))
            }
            "extadd_pairwise" => self.all(values(0).chunks(2).map(|two| wrapped(two[0] + two[1]))),
            "dot" => self.all(self.products(from)),
            // The sign is that of the result: operands are signed.
            "narrow" => {
                let both = [self.lanes(0, from), self.lanes(1, from)].concat();
                self.all(both.iter().map(|lane| self.saturated(is_signed, signed(from, *lane))))
            }
            _ => None,
        }
    }

    /// Conversions between integers and floats.
    fn converted(&self, op: &str) -> Option<Lanes> {
        let name = match op {
            "trunc_sat_f32x4_s" => "i32.trunc_sat_f32_s",
            "trunc_sat_f32x4_u" => "i32.trunc_sat_f32_u",
            "trunc_sat_f64x2_s_zero" => "i32.trunc_sat_f64_s",
            "trunc_sat_f64x2_u_zero" => "i32.trunc_sat_f64_u",
            "convert_i32x4_s" => "f32.convert_i32_s",
            "convert_i32x4_u" => "f32.convert_i32_u",
            "convert_low_i32x4_s" => "f64.convert_i32_s",
            "convert_low_i32x4_u" => "f64.convert_i32_u",
            "demote_f64x2_zero" => "f32.demote_f64",
            "promote_low_f32x4" => "f64.promote_f32",
            _ => return None,
        };
        let from = if op.contains("f64x2") { 64 } else { 32 };
        let lanes = self.lanes(0, from).into_iter().map(|lane| scalar(name, &[lane]));
        // As many as there are, up to as many as there is room for; zeros for the rest.
        let zeros = std::iter::repeat(Bits(0));
        self.all(lanes.chain(zeros).take((128 / self.width) as usize))
    }

    fn floats(&self, op: &str) -> Option<Lanes> {
        let width = self.width;
        let of = |op: &str, args: &[u64]| scalar(&format!("f{width}.{op}"), args);
        match op {
            "eq" | "ne" | "lt" | "gt" | "le" | "ge" => self.each(|args| self.mask(of(op, args))),
            // These hand on the bits of one operand.
            "pmin" => self.each(|args| Bits(args[usize::from(of("gt", args) == Bits(1))])),
            "pmax" => self.each(|args| Bits(args[usize::from(of("lt", args) == Bits(1))])),
            _ => self.each(|args| of(op, args)),
        }
    }

    fn integers(&self, op: &str) -> Option<Lanes> {
        let width = self.width;
        let of = |op: &str, args: &[u64]| super::definitions::integer(width, op, args);
        let is_signed = op.ends_with("_s");
        let value = |lane: u64| if is_signed { signed(width, lane) } else { unsigned(width, lane) };
        let pairs = |result: &dyn Fn(i128, i128) -> Defined| {
            self.each(|args| result(value(args[0]), value(args[1])))
        };
        match op {
            "shl" | "shr_s" | "shr_u" => {
                let by = self.scalar(1);
                self.all(self.lanes(0, width).into_iter().map(|lane| of(op, &[lane, by])))
            }
            "eq" | "ne" | "lt_s" | "lt_u" | "gt_s" | "gt_u" | "le_s" | "le_u" | "ge_s" | "ge_u" => {
                self.each(|args| self.mask(of(op, args)))
            }
            "abs" => self.each(|args| wrap(width, signed(width, args[0]).abs())),
            "neg" => self.each(|args| wrap(width, -signed(width, args[0]))),
            "min_s" | "min_u" => pairs(&|x, y| wrap(width, x.min(y))),
            "max_s" | "max_u" => pairs(&|x, y| wrap(width, x.max(y))),
            "add_sat_s" | "add_sat_u" => pairs(&|x, y| self.saturated(is_signed, x + y)),
            "sub_sat_s" | "sub_sat_u" => pairs(&|x, y| self.saturated(is_signed, x - y)),
            "avgr_u" => pairs(&|x, y| wrap(width, (x + y + 1) / 2)),
            "q15mulr_sat_s" => {
                pairs(&|x, y| self.saturated(true, (x * y + (1 << 14)).div_euclid(1 << 15)))
            }
            _ => self.each(|args| of(op, args)),
        }
    }
}
