//! Rust with std: arguments, environment, standard streams, files, directories, collections, time;
//! a panic or an exit code.
use std::{
    collections::{BTreeMap, HashMap},
    env, error, fs,
    io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write},
    path::Path,
    process,
    time::{Duration, Instant, SystemTime},
};

fn main() -> Result<(), Box<dyn error::Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "panic") {
        eprintln!("about to panic");
        let empty: Vec<i32> = Vec::new();
        println!("{}", empty[args.len()]);
    }
    println!("{args:?} {:?} {:?}", env::var("GREETING")?, env::var("ABSENT").is_err());
    count_words()?;
    files(Path::new("/notes"))?;
    times()?;
    process::exit(6)
}

fn count_words() -> io::Result<()> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for line in io::stdin().lock().lines() {
        for word in line?.split_whitespace() {
            *counts.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    for (word, count) in counts {
        println!("{word:>6}|{count:<3}|{:08.3}", count as f64 / 3.0);
    }
    Ok(())
}

fn files(root: &Path) -> Result<(), Box<dyn error::Error>> {
    fs::create_dir_all(root.join("deep/er"))?;
    let mut file = fs::File::create(root.join("a.txt"))?;
    for i in 0..1000 {
        writeln!(file, "line {i}")?;
    }
    drop(file);
    fs::copy(root.join("a.txt"), root.join("deep/b.txt"))?;
    fs::rename(root.join("deep/b.txt"), root.join("deep/er/c.txt"))?;

    let mut file =
        fs::OpenOptions::new().read(true).write(true).open(root.join("deep/er/c.txt"))?;
    file.seek(SeekFrom::End(-4))?;
    let mut end = String::new();
    file.read_to_string(&mut end)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(b"LINE")?;
    file.set_len(16)?;
    println!(
        "{end:?} {:?} {}",
        fs::read_to_string(root.join("deep/er/c.txt"))?,
        file.metadata()?.len()
    );
    let lines = BufReader::new(fs::File::open(root.join("a.txt"))?).lines().count();

    let mut tree = BTreeMap::new();
    walk(root, &mut tree)?;
    println!("{lines} lines, {tree:?}");
    let errors = [
        fs::read(root.join("absent")).unwrap_err().kind() == ErrorKind::NotFound,
        fs::create_dir(root).unwrap_err().kind() == ErrorKind::AlreadyExists,
        fs::remove_dir(root).unwrap_err().raw_os_error() == Some(55), // ENOTEMPTY has no kind here
        fs::read(root.join("../../../etc/passwd")).is_err(),
    ];
    fs::remove_dir_all(root)?;
    println!("{errors:?} {}", root.try_exists()?);
    Ok(())
}

/// Collects the sizes of all files below a directory.
fn walk(dir: &Path, tree: &mut BTreeMap<String, u64>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), tree)?;
        } else {
            tree.insert(entry.path().display().to_string(), entry.metadata()?.len());
        }
    }
    Ok(())
}

fn times() -> Result<(), Box<dyn error::Error>> {
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(20));
    let slept = start.elapsed();
    let years = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs() / (365 * 86400);
    println!("{} {}", slept >= Duration::from_millis(20), years > 50);
    Ok(())
}
