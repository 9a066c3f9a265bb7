//! Solvers of optimisation problems.

use super::{
    Error, HostFn, LIBRARY, Package, Program, Registry, Run, Split, args, check, host, no,
};
use crate::programs::{inputs::Random, wasi};

pub(super) const HIGHS: Program = Program {
    name: "highs",
    kind: "optimiser",
    language: "C++",
    split: Split::Judge,
    package: Package {
        registry: Registry::Npm,
        name: "highs",
        version: "1.15.3",
        sha256: "218533577886c69023739024bb92cfc2831ba45ff1fd1fd981753c04cded9793",
        path: "package/build/highs.wasm",
        file_sha256: "528be4365bea1d4188988646b244263f50320df55782e14d6af5bce7cd45c840",
    },
    checksum: 0xfe42_071c_79b2_4838,
    pages: 1024,
    host: highs_host,
    drive: highs,
    ..LIBRARY
};

/// The imports' names are shortened.
fn highs_host(_: &str, name: &str) -> Option<HostFn> {
    match name {
        "c" | "j" => Some(host::now),
        "m" | "s" => Some(host::nothing),
        "d" => wasi::named("fd_close"),
        "f" => wasi::named("fd_write"),
        "g" => wasi::named("fd_read"),
        "n" => wasi::named("environ_get"),
        "o" => wasi::named("environ_sizes_get"),
        "p" => wasi::named("clock_time_get"),
        "t" => wasi::named("fd_seek"),
        // No files.
        "i" => Some(|_, _, _| Ok(Some(host::Value::I32(-44)))),
        "e" | "h" | "l" | "q" => no(),
        _ => None,
    }
}

/// The exports by what they are: the package's are shortened.
const CTORS: &str = "v";
const MALLOC: &str = "uc";
const LINEAR: &str = "C";

const COLUMNS: u32 = 150;
const ROWS: u32 = 100;

/// A linear problem: the most worth of things in several limits.
fn highs(run: &mut Run, _: &[u8]) -> Result<(), Error> {
    run.call(CTORS, &[])?;
    let random = &mut Random::new(24);
    let (mut start, mut index, mut value) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROWS {
        start.push(u32::try_from(index.len())?);
        for column in 0..COLUMNS {
            if random.chance(15) {
                index.push(column);
                value.push(f64::from(1 + random.below(60)));
            }
        }
    }
    let numbers = |random: &mut Random, count: u32, least: u32, range: u32| -> Vec<f64> {
        (0..count).map(|_| f64::from(least + random.below(range))).collect()
    };
    let cost = put(run, &numbers(random, COLUMNS, 5, 50))?;
    let lower = put(run, &vec![0.0; COLUMNS as usize])?;
    let upper = put(run, &numbers(random, COLUMNS, 1, 4))?;
    let row_lower = put(run, &vec![f64::NEG_INFINITY; ROWS as usize])?;
    let row_upper = put(run, &numbers(random, ROWS, 150, 200))?;
    let entries = u32::try_from(index.len())?;
    let (start, index) = (put_words(run, &start)?, put_words(run, &index)?);
    let value = put(run, &value)?;
    let [columns, duals] = [0; 2].map(|_| run.get(MALLOC, args![8 * COLUMNS]));
    let [rows, row_duals] = [0; 2].map(|_| run.get(MALLOC, args![8 * ROWS]));
    let (columns, duals, rows, row_duals) = (columns?, duals?, rows?, row_duals?);
    let basis = run.get(MALLOC, args![4 * COLUMNS])?;
    let row_basis = run.get(MALLOC, args![4 * ROWS])?;
    let status = run.get(MALLOC, args![4])?;
    let (by_row, maximize, offset) = (2, -1, 0.0);
    let problem = args![
        COLUMNS, ROWS, entries, by_row, maximize, offset, cost, lower, upper, row_lower, row_upper,
        start, index, value, columns, duals, rows, row_duals, basis, row_basis, status
    ];
    let optimal = 7;
    run.expect(LINEAR, problem, 0)?;
    check(run.word(status)? == optimal, "no solution")?;
    run.result_at(columns, 8 * COLUMNS)?;
    run.result_at(row_duals, 8 * ROWS)
}

fn put_words(run: &mut Run, words: &[u32]) -> Result<u32, Error> {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    run.put(MALLOC, &bytes)
}

fn put(run: &mut Run, numbers: &[f64]) -> Result<u32, Error> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    run.put(MALLOC, &bytes)
}
