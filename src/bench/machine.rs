//! What is asked of the system before anything is measured: descriptors and cores.

use super::Failure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::fs;

/// Descriptors that are not connections: standard streams, the poll, files in passing.
const SPARE_DESCRIPTORS: u64 = 32;

/// Raises the soft limit of open files to the hard one; children inherit it.
pub fn raise_descriptor_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Refused is no harm: `check_descriptors` goes by the limit that is in force.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// Whether this many connections may be open at one time.
pub(crate) fn check_descriptors(connections: usize) -> Result<(), Failure> {
    let needed = (connections as u64).saturating_add(SPARE_DESCRIPTORS);
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < needed => Err(Failure::Usage(format!(
            "{connections} connections need {needed} open files, and only {limit} are allowed \
             (ulimit -n)"
        ))),
        _ => Ok(()),
    }
}

/// The machine and its system, in words.
pub(crate) fn describe() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = release.trim();
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    // Not what this process may use: it has given itself one of them.
    let cores = information.lines().filter(|line| line.starts_with("processor")).count();
    match processor(&information) {
        Some(processor) => format!("{processor}, cores: {cores}, Linux {release}"),
        None => format!("cores: {cores}, Linux {release}"),
    }
}

/// The processor's name in what Linux says of it.
fn processor(information: &str) -> Option<&str> {
    let mut lines = information.lines();
    let line = lines.find_map(|line| line.strip_prefix("model name"))?;
    let name = line.trim_start().strip_prefix(':')?.trim();
    (!name.is_empty()).then_some(name)
}

/// One core for the servers and another for the load, so that neither takes the other's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cores {
    server: usize,
    load: usize,
}

impl Cores {
    /// The first two cores that this process may run on, where it has two.
    pub(crate) fn choose() -> Option<Self> {
        let allowed = sched_getaffinity(None).ok()?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        Some(Self { server: cores.next()?, load: cores.next()? })
    }

    /// Until [`Self::take_load_core`]: what is started now runs on the server's core.
    pub(crate) fn take_server_core(self) {
        pin_to(self.server);
    }

    /// This process runs on the load's core.
    pub(crate) fn take_load_core(self) {
        pin_to(self.load);
    }
}

/// A refusal costs precision only, so it is no error.
fn pin_to(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    let _ = sched_setaffinity(None, &set);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_counted_before_they_run_out() {
        assert!(check_descriptors(4).is_ok());
        if getrlimit(Resource::Nofile).current.is_some() {
            assert!(matches!(check_descriptors(usize::MAX), Err(Failure::Usage(_))));
        }
    }

    #[test]
    fn the_machine_is_described() {
        let information = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t: x\n";
        assert_eq!(processor(information), Some("Some CPU @ 2 GHz"));
        assert_eq!(processor("processor\t: 0\n"), None);
        assert!(describe().contains("cores: "));
    }

    #[test]
    fn two_different_cores_or_none() {
        assert!(Cores::choose().is_none_or(|cores| cores.server != cores.load));
    }
}
