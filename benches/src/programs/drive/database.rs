//! Databases.

use super::{Error, LIBRARY, Package, Program, Registry, Run, Split, args, host, length, no};
use crate::programs::{
    inputs::{Random, Words},
    wasi,
};

pub(super) const SQLITE: Program = Program {
    name: "sqlite",
    kind: "database",
    language: "C",
    split: Split::Choose,
    package: Package {
        registry: Registry::Npm,
        name: "sql.js",
        version: "1.16.0",
        sha256: "bb6f5c7e4ac6de569e4f3eee38122b56d777c387ec74fbb1a7075adf37097df6",
        path: "package/dist/sql-wasm.wasm",
        file_sha256: "43bbcdd44287e5a2db3b6b5af34b1a3485a7a441285d247976c1ebe3c61f8dbf",
    },
    checksum: 0x8fe1_869e_3d0a_661a,
    pages: 512,
    host: |_, name| match name {
        "c" | "d" => Some(host::now),
        // No files: there is none of that name.
        "x" => Some(|_, _, _| Ok(Some(host::Value::I32(-44)))),
        "G" => wasi::named("environ_get"),
        "H" => wasi::named("environ_sizes_get"),
        "l" | "p" => no(),
        _ => None,
    },
    input: statements,
    drive: sqlite,
    ..LIBRARY
};

/// Statements, each with a zero at its end.
fn statements() -> Vec<u8> {
    let random = &mut Random::new(17);
    let words = Words::new(random, 400);
    let mut sql = vec![
        "create table person(id integer primary key, name text, born int, score real)".to_owned(),
        "create table city(name text primary key, people int) without rowid".into(),
        "create table lives(person int, city text, since int)".into(),
        "create index lives_city on lives(city, since)".into(),
        "begin".into(),
    ];
    for i in 0..60 {
        sql.push(format!("insert or ignore into city values('{}', {i})", words.name(random)));
    }
    for i in 0..500 {
        let (name, born) = (words.name(random), 1900 + random.below(120));
        let score = random.below(10_000);
        sql.push(format!("insert into person values({i}, '{name}', {born}, {score} / 7.0)"));
        sql.push(format!(
            "insert into lives select {i}, name, {born} + {} from city \
             where people = {}",
            random.below(60),
            random.below(60)
        ));
    }
    let queries = [
        "commit",
        "select count(*), avg(score), min(name), max(born) from person",
        "select city, count(*) n, group_concat(substr(name, 1, 3)) from lives \
         join person on person = id group by city order by n desc, city limit 20",
        "update person set score = score * 1.5, name = upper(name) where born % 3 = 0",
        "with recursive n(i, a) as (select 1, 1 union all \
         select i + 1, (a * 31 + i) % 10007 from n where i < 2000) select sum(a), max(a) from n",
        "select name from person where name like '%ea%st%' or name glob '*[XYZ]*' order by 1",
        "select a.name, b.name from person a join person b on a.born = b.born and a.id < b.id \
         order by a.score - b.score, a.id, b.id limit 50",
        "delete from lives where since between 1950 and 1970",
        "select since, count(distinct city), printf('%.3f', total(person)) from lives \
         group by since having count(*) > 2 order by since",
        "pragma integrity_check",
    ];
    sql.extend(queries.map(str::to_owned));
    sql.iter().flat_map(|statement| statement.bytes().chain([0])).collect()
}

/// The exports by what they are: the package's are shortened.
const CTORS: &str = "P";
const MALLOC: &str = "Ia";
const OPEN: &str = "Ha";
const PREPARE: &str = "T";
const STEP: &str = "U";
const FINALIZE: &str = "X";
const COLUMN_TEXT: &str = "Z";
const COLUMN_COUNT: &str = "ra";

fn sqlite(run: &mut Run, input: &[u8]) -> Result<(), Error> {
    const ROW: u32 = 100;
    const DONE: u32 = 101;
    run.call(CTORS, &[])?;
    let (name, at) = (run.put(MALLOC, b":memory:\0")?, run.get(MALLOC, args![4])?);
    run.expect(OPEN, args![name, at], 0)?;
    let (database, mut sql) = (run.word(at)?, run.put(MALLOC, input)?);
    for text in input.split_inclusive(|byte| *byte == 0) {
        run.expect(PREPARE, args![database, sql, -1, at, 0], 0)?;
        let statement = run.word(at)?;
        let columns = run.get(COLUMN_COUNT, args![statement])?;
        loop {
            match run.get(STEP, args![statement])? {
                ROW => row(run, statement, columns)?,
                DONE => break,
                code => return Err(format!("error {code}").into()),
            }
        }
        run.expect(FINALIZE, args![statement], 0)?;
        sql += length(text);
    }
    Ok(())
}

fn row(run: &mut Run, statement: u32, columns: u32) -> Result<(), Error> {
    for column in 0..columns {
        let text = run.get(COLUMN_TEXT, args![statement, column])?;
        let text = if text == 0 { Vec::new() } else { run.read_c(text)? };
        run.result(&text);
        run.result(b"|");
    }
    Ok(())
}
