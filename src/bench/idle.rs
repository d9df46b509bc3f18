//! Idle connections: guests who came in and say nothing, and what each costs the server.

use super::Failure;
use super::entrance::{Entrance, Farewell, Identity};
use super::figure::{Aim, Kind, Sample};
use super::progress::Progress;
use super::stage::Running;
use super::swarm::Swarm;

/// The aim, in KiB a connection.
const AIM_KIB: f64 = 4.0;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdlePlan {
    /// How many guests.
    pub(crate) connections: usize,
}

/// Runs one round. The server's own memory from before the first guest is no part of the figure;
/// what the kernel holds for sockets is not either.
pub(crate) fn run(
    plan: &IdlePlan,
    server: &Running,
    progress: &mut Progress,
) -> Result<Vec<Sample>, Failure> {
    let mut swarm = Swarm::new(server.address())?;
    let before = server.resident_bytes()?;
    swarm.run(&mut Entrance::new(Identity::Guests, plan.connections), progress)?;
    let after = server.resident_bytes()?;
    swarm.run(&mut Farewell::new(plan.connections), progress)?;
    let (Some(before), Some(after)) = (before, after) else { return Ok(Vec::new()) };
    let kib = after.saturating_sub(before) as f64 / 1024.0 / plan.connections as f64;
    Ok(vec![Kind::MEMORY.sample(kib).aiming(Aim::AtMost(AIM_KIB))])
}
