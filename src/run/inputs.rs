//! Finds the inputs that the settings name.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::error_lines::ErrorLines;
use super::settings::InputSettings;
use crate::cloud::Stores;
use crate::console::Console;
use crate::input::{
    BytesRead, Discovery, FileStamp, NameFilter, Origin, Shape, Shard, Source, discover,
    find_shapes, moved_files, open,
};
use crate::interrupt::Interrupted;
use crate::output::begins_with_row;
use crate::output_names::real_path;
use crate::pipeline::PipelineOptions;
use crate::text::plural;
use crate::tracking::LineWrapper;

/// A search for the inputs that the settings name.
pub struct InputSearch {
    paths: Vec<PathBuf>,
    filter: NameFilter,
    wrapper: LineWrapper,
    stores: Stores,
    /// Whether the logs among the objects are told from documents later, by [`InputSearch::find_shapes`]. So this takes no
    /// request for objects that the state directory knows.
    pub finds_shapes_later: bool,
    shard: Option<Shard>,
    /// The paths that the run writes, which are no inputs.
    written: Vec<PathBuf>,
    /// The rejects file of the run. If it is an argument, its lines are retried.
    rejects: Option<PathBuf>,
    /// Whether the rejects file is an argument and does not exist.
    lacks_rejects: bool,
}

/// The inputs that were found during a run.
pub struct Moved {
    pub sources: Vec<Source>,
    /// Inputs that runs of other shards read.
    pub in_other_shards: Vec<Source>,
}

/// Returns how many files were skipped because of their names.
pub fn skipped_text(discovery: &Discovery) -> Option<String> {
    let (first, _) = discovery.skipped.first()?;
    let (first, count) = (first.display(), discovery.skipped.len());
    let (plural, whose) = if count == 1 {
        ("", "its")
    } else {
        ("s", "their")
    };
    Some(format!(
        "{count} file{plural} skipped because of {whose} name{plural}, such as `{first}`; choose files with `--include` and `--exclude`"
    ))
}

impl InputSearch {
    /// Finds the inputs. Paths that cannot be read are reported and returned in `errors`.
    ///
    /// # Errors
    /// Returns an error if two inputs are the same pipe.
    pub fn discover(&self, console: &Console) -> Result<Discovery> {
        let mut discovery = self.list();
        discovery.lacks_rejects = self.lacks_rejects;
        if let Some(rejects) = &self.rejects {
            mark_own_rejects(&mut discovery.sources, rejects)?;
            read_own_rejects_once(&mut discovery.sources);
        }
        let mut errors = ErrorLines::default();
        for error in &discovery.errors {
            errors.show(&error.to_string(), console);
        }
        errors.close(console);
        let is_empty =
            discovery.sources.is_empty() && discovery.errors.is_empty() && !self.lacks_rejects;
        if is_empty {
            console.alert(&match (skipped_text(&discovery), &discovery.hidden) {
                (Some(skipped), _) => format!("no input was found: {skipped}"),
                (None, Some(hidden)) => format!(
                    "no input was found: hidden files, such as `{}`, are not read unless they are named as inputs",
                    hidden.display()
                ),
                (None, None) => "no input was found, so there is nothing to read: check the paths, `--include` and `--exclude`".to_owned(),
            });
        }
        if let Some((one, other)) = discovery.same_pipe() {
            bail!(
                "`{one}` and `{other}` are the same pipe, which can be read only once: remove one of them"
            );
        }
        if let Some(shard) = self.shard {
            let all = discovery.sources.len();
            discovery.keep_shard(shard);
            let (own, plural) = (discovery.sources.len(), plural(all as u64));
            console.note(&format!("note: {own} of {all} input{plural} in this shard"));
        }
        if !self.finds_shapes_later {
            self.find_shapes(&mut discovery.sources);
        }
        Ok(discovery)
    }

    /// Distinguishes the logs among objects from documents.
    pub fn find_shapes(&self, sources: &mut [Source]) {
        find_shapes(sources, &self.wrapper);
    }

    /// Returns the clients of object storage.
    pub fn stores(&self) -> Stores {
        self.stores.clone()
    }

    /// Lists the inputs of all shards. If a file is missing, it may have been renamed while the files were listed, and a
    /// log that is being rotated exists again a moment later. So they are listed again.
    fn list(&self) -> Discovery {
        const TIMES: usize = 3;
        const PAUSE: Duration = Duration::from_millis(20);

        let written: Vec<&Path> = self.written.iter().map(PathBuf::as_path).collect();
        let list = || {
            let (paths, filter) = (&self.paths, &self.filter);
            discover(paths, filter, &self.wrapper, &written, &self.stores)
        };
        let mut discovery = list();
        for _ in 1..TIMES {
            if !discovery.errors.iter().any(|error| error.is_missing) {
                break;
            }
            std::thread::sleep(PAUSE);
            let earlier = std::mem::replace(&mut discovery, list());
            discovery.add_removed(&earlier);
        }
        discovery
    }

    /// Finds the inputs that are new since the inputs in `sources` were found, the files that inputs which vanished from
    /// `sources` may have been renamed or packed to, and the `copies` of truncated inputs. `others` are the inputs of
    /// other shards that were found together with `sources`.
    pub fn find_more(
        &self,
        sources: &[&Source],
        others: &[Source],
        vanished: &[&Source],
        copies: Vec<Source>,
    ) -> Moved {
        let identity = |source: &Source| Some(source.stamp?.file());
        let gone: HashSet<_> = vanished.iter().map(|source| source.path()).collect();
        let read = sources
            .iter()
            .filter(|source| !gone.contains(&source.path()));
        let known = read.copied().chain(others).filter_map(identity);
        let mut known: HashSet<(u64, u64)> = known.collect();
        // An argument names the input itself, not a directory with the input.
        let arguments: HashSet<_> = self.paths.iter().map(|path| Some(path.as_path())).collect();
        let files = moved_files(vanished, &self.wrapper).into_iter();
        let files = files.map(|(source, file)| (file, arguments.contains(&source.path())));
        let files =
            files.filter(|(file, is_argument)| *is_argument || self.filter.matches(&file.relative));
        let listed = self.list().sources.into_iter().chain(copies);
        let found = listed.map(|source| (source, false)).chain(files);
        let new = found.filter(|(source, _)| identity(source).is_some_and(|id| known.insert(id)));
        let is_in_shard = |file: &Source| {
            self.shard
                .is_none_or(|shard| shard.contains(&file.relative))
        };
        let (own, others): (Vec<_>, Vec<_>) =
            new.partition(|(file, is_argument)| *is_argument || is_in_shard(file));
        let files = |found: Vec<(Source, bool)>| found.into_iter().map(|(file, _)| file).collect();
        let mut sources: Vec<Source> = files(own);
        self.find_shapes(&mut sources);
        Moved {
            sources,
            in_other_shards: files(others),
        }
    }
}

impl InputSettings {
    /// Returns the search for the inputs. Paths in `written`, which the run writes, are not inputs if they are found in a
    /// directory. `rejects` is the rejects file of the run; if it is an argument, its lines are retried.
    ///
    /// # Errors
    /// Returns an error if no input is named, the list of inputs cannot be read, or a glob does not parse.
    pub fn search(&self, written: &[&Path], rejects: Option<&Path>) -> Result<InputSearch> {
        let mut paths = self.all_paths()?;
        let lacks_rejects = rejects.is_some_and(|rejects| remove_missing(&mut paths, rejects));
        let filter = NameFilter::new(&self.include, &self.exclude)
            .context("a glob of `--include` or `--exclude` does not parse")?;
        Ok(InputSearch {
            paths,
            filter,
            wrapper: self.line_wrapper.clone(),
            stores: Stores::new(self.cloud.clone()),
            finds_shapes_later: false,
            shard: self.shard,
            written: written.iter().map(|path| (*path).to_owned()).collect(),
            rejects: rejects.map(Path::to_owned),
            lacks_rejects,
        })
    }

    /// Returns the paths on the command line and the paths in the file of `--files-from`.
    fn all_paths(&self) -> Result<Vec<PathBuf>> {
        let stdin = Path::new("-");
        let mut paths = self.paths.clone();
        if let Some(list) = &self.files_from {
            paths.extend(read_list(list)?);
        } else if paths.is_empty() {
            bail!("there is no input: give files, directories, or `-` for standard input");
        }
        let listed = self.files_from.as_deref().filter(|list| *list == stdin);
        let stdins = paths.iter().filter(|path| *path == stdin).count();
        if stdins + listed.iter().count() > 1 {
            bail!(
                "standard input can be read only once: give `-` only once, as an input or to `--files-from`"
            );
        }
        if stdins > 0 && self.shard.is_some() {
            bail!(
                "`--shard` divides files by their paths, so it cannot be used with standard input: remove `--shard` or `-`"
            );
        }
        Ok(paths)
    }

    /// Returns the options of the pipeline that reads and converts the inputs.
    pub fn pipeline_options(&self) -> PipelineOptions {
        PipelineOptions {
            threads: self.threads,
            side_by_side: false,
            framing: self.framing,
            joins_pieces: self.line_wrapper.joins_pieces(),
            max_line_bytes: self.max_line_bytes,
            bytes_read: BytesRead::default(),
            interrupted: Interrupted::default(),
        }
    }
}

/// Removes the rejects file from the paths if the file does not exist, as before the first line is rejected. Returns
/// whether it was among the paths.
fn remove_missing(paths: &mut Vec<PathBuf>, rejects: &Path) -> bool {
    if fs::symlink_metadata(rejects).is_ok() {
        return false;
    }
    let (real, count) = (real_path(rejects), paths.len());
    paths.retain(|path| path.file_name() != rejects.file_name() || real_path(path) != real);
    paths.len() < count
}

/// Marks the inputs that are the rejects file of the run. A file without a row of a rejects file is not marked, so that
/// a log is never replaced by its rejects.
///
/// # Errors
/// Returns an error if an input is the rejects file and cannot be replaced.
fn mark_own_rejects(sources: &mut [Source], rejects: &Path) -> Result<()> {
    let Ok(metadata) = fs::metadata(rejects) else {
        return Ok(());
    };
    let (real, stamp) = (real_path(rejects), FileStamp::of(&metadata));
    for source in sources {
        let Origin::File(path) = &source.origin else {
            continue;
        };
        let is_same_file = match (&source.stamp, &stamp) {
            (Some(stamp), Some(other)) => stamp.is_same_file(other),
            _ => real_path(path) == real,
        };
        if !is_same_file || !source.is_file() {
            continue;
        }
        let name = &source.name;
        if real_path(path) != real {
            bail!(
                "`{name}` and the rejects file `{}` are two names of one file: give the same name to both",
                rejects.display()
            );
        }
        let opened = open(source, &BytesRead::default());
        if opened.is_ok_and(|opened| opened.is_rejects && opened.compression.is_some()) {
            bail!(
                "the rejects file `{name}` is compressed, and `--rejects` writes text: unpack it, or give `--rejects` another path"
            );
        }
        let begins_with_row =
            File::open(path).and_then(|file| begins_with_row(BufReader::new(file)));
        if source.size == Some(0) || matches!(begins_with_row, Ok(Some(true))) {
            (source.is_own_rejects, source.shape) = (true, Shape::Log);
        }
    }
    Ok(())
}

/// Keeps the rejects file of the run once among the inputs. Its lines would be converted twice if it was read twice, as it
/// may be when both a link to it and a pattern name it.
fn read_own_rejects_once(sources: &mut Vec<Source>) {
    let mut is_known = false;
    sources.retain(|source| !source.is_own_rejects || !std::mem::replace(&mut is_known, true));
}

/// Reads a list of paths, one a line.
fn read_list(list: &Path) -> Result<Vec<PathBuf>> {
    let mut bytes = Vec::new();
    let read = if list == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes)
    } else {
        File::open(list).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.with_context(|| format!("failed to read the list of inputs `{}`", list.display()))?;
    let lines = bytes
        .split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut lines = lines.filter(|line| !line.is_empty()).peekable();
    // The lines of a log are personal data, which no message should repeat.
    if lines.peek().is_some_and(|line| is_log_line(line)) {
        bail!(
            "`{0}` is a log, not a list of files: give it as an input, without `--files-from`",
            list.display()
        );
    }
    lines.map(path_of).collect()
}

/// Returns whether a line of a list is a line of a log, and no path.
fn is_log_line(line: &[u8]) -> bool {
    let has_object = memchr::memmem::find(line, b"{\"").is_some();
    has_object && path_of(line).is_ok_and(|path| fs::symlink_metadata(path).is_err())
}

/// Returns the path with these bytes.
#[cfg(unix)]
pub fn path_of(bytes: &[u8]) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Ok(std::ffi::OsStr::from_bytes(bytes).into())
}

#[cfg(not(unix))]
pub fn path_of(bytes: &[u8]) -> Result<PathBuf> {
    Ok(std::str::from_utf8(bytes)
        .context("the list of inputs is not UTF-8: save it as UTF-8")?
        .into())
}
