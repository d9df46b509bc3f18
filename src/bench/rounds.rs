//! Rounds: within each the server, with all its settings, the floors, Redis and NATS take turns, each in
//! another place of the round than before, so that whatever else the machine does meets all alike.

use super::Failure;
use super::aims;
use super::figure::{Figure, Kind, Sample, Side};
use super::plan::Plan;
use super::stage::Stage;

/// Plans that are measured together, in one set of rounds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    /// The plans; with `flat` the first is the plain one.
    pub(crate) plans: Vec<Plan>,
    /// How many times the plain plan's CPU time a delivery may cost in the others.
    pub(crate) flat: Option<f64>,
}

impl From<Plan> for Group {
    fn from(plan: Plan) -> Self {
        Self { plans: vec![plan], flat: None }
    }
}

impl Group {
    /// Who takes part in a round: places among the plans, and sides.
    fn contestants(&self, others: &[Side]) -> Vec<(usize, Side)> {
        let sides = |(at, plan): (usize, &Plan)| {
            let others: Vec<_> = others.iter().copied().filter(|side| plan.suits(*side)).collect();
            std::iter::once(Side::Server).chain(others).map(move |side| (at, side))
        };
        self.plans.iter().enumerate().flat_map(sides).collect()
    }

    /// How many steps the progress bar takes for it.
    pub(crate) fn steps(&self, rounds: usize, others: &[Side]) -> usize {
        match self.plans.first() {
            Some(Plan::Archive(_)) => 2,
            _ => rounds * self.contestants(others).len(),
        }
    }
}

/// Runs a group in rounds and adds its figures.
pub(crate) fn measure(group: &Group, stage: &mut Stage) -> Result<(), Failure> {
    let contestants = group.contestants(&stage.others);
    let mut blocks = vec![Vec::new(); group.plans.len()];
    for round in 0..stage.rounds {
        for turn in 0..contestants.len() {
            let next = contestants.get((turn + round) % contestants.len());
            let Some((at, side)) = next.copied() else { continue };
            let (Some(plan), Some(block)) = (group.plans.get(at), blocks.get_mut(at)) else {
                continue;
            };
            for sample in take(plan, side, round, stage)? {
                add(block, plan, sample, side);
            }
        }
    }
    if let Some(most) = group.flat {
        compare(&mut blocks, most);
    }
    stage.figures.extend(blocks.into_iter().flatten());
    Ok(())
}

/// One turn of one side.
fn take(plan: &Plan, side: Side, round: usize, stage: &mut Stage) -> Result<Vec<Sample>, Failure> {
    let (title, rounds) = (plan.title(), stage.rounds);
    let label = format!("{title}: {}, round {} of {rounds}", side.name(), round + 1);
    stage.progress.begin(label);
    let server = match plan.kept_by(side) {
        Some(keeping) => stage.start_keeper(side, keeping)?,
        None => stage.start(side, &plan.world(), plan.settings())?,
    };
    let mut samples = plan.run(&server, &mut stage.progress)?;
    samples.extend(plan.end(server));
    Ok(samples)
}

/// Adds a sample to the figure of its kind, which the first one makes.
pub(crate) fn add(figures: &mut Vec<Figure>, plan: &Plan, sample: Sample, side: Side) {
    let known = figures.iter_mut().find(|figure| figure.kind == sample.kind);
    let figure = match known {
        Some(figure) => figure,
        None => {
            let figure = Figure::new(&plan.title(), sample.kind);
            figures.push_mut(figure.aiming(aims::of(plan, sample.kind)))
        }
    };
    figure.add(side, sample.value);
}

/// Says of each block but the first how many times the first one's CPU time a delivery costs.
fn compare(blocks: &mut [Vec<Figure>], most: f64) {
    let cost = |block: &Vec<Figure>| block.iter().position(|figure| figure.kind == Kind::CPU);
    let Some((first, others)) = blocks.split_first_mut() else { return };
    let Some(plain) = cost(first).and_then(|at| first.get(at)) else { return };
    for block in others {
        let Some(at) = cost(block) else { continue };
        let Some(loaded) = block.get(at) else { continue };
        let mut ratio = Figure::new(&loaded.measure, Kind::TIMES_PLAIN)
            .aiming([super::figure::Aim::AtMost(most)]);
        for side in Side::ALL {
            for (loaded, plain) in loaded.of(side).iter().zip(plain.of(side)) {
                if *plain > 0.0 {
                    ratio.add(side, loaded / plain);
                }
            }
        }
        block.insert(at + 1, ratio);
    }
}

#[cfg(test)]
mod tests {
    use super::super::entrance::Identity;
    use super::super::figure::Aim;
    use super::super::idle::IdlePlan;
    use super::super::logins::LoginsPlan;
    use super::*;
    use std::time::Duration;

    const IDLE: Plan = Plan::Idle(IdlePlan { connections: 10, identity: Identity::Guests });

    #[test]
    fn samples_of_one_kind_make_one_figure() {
        let mut figures = Vec::new();
        for (kind, value, side) in [
            (Kind::MEMORY, 1.0, Side::Server),
            (Kind::DELIVERIES, 9.0, Side::Server),
            (Kind::MEMORY, 2.0, Side::Floor),
            (Kind::MEMORY, 3.0, Side::Server),
        ] {
            add(&mut figures, &IDLE, kind.sample(value), side);
        }
        assert_eq!(figures.len(), 2);
        assert_eq!(figures[0].of(Side::Server), [1.0, 3.0]);
        assert_eq!(figures[0].of(Side::Floor), [2.0]);
        assert_eq!(figures[0].aims, [Aim::AtMost(1.0)]);
    }

    #[test]
    fn only_those_take_part_who_can() {
        let logins = Plan::Logins(LoginsPlan { accounts: 2, time: Duration::from_secs(1) });
        let group = Group { plans: vec![IDLE, logins], flat: None };
        let others = [Side::Floor, Side::Redis];
        let (server, floor, redis) = (Side::Server, Side::Floor, Side::Redis);
        let expected = [(0, server), (0, floor), (0, redis), (1, server), (1, floor)];
        assert_eq!(group.contestants(&others), expected);
        assert_eq!(group.steps(3, &others), 15);
        assert_eq!(group.contestants(&[]), [(0, server), (1, server)]);
    }

    #[test]
    fn a_load_is_compared_with_the_plain_one_round_by_round() {
        let cpu =
            |name: &str, values: &[f64]| Figure::new(name, Kind::CPU).with(Side::Server, values);
        let mut blocks = vec![
            vec![Figure::new("plain", Kind::DELIVERIES), cpu("plain", &[1.0, 2.0])],
            vec![cpu("loaded", &[1.5, 2.0]), Figure::new("loaded", Kind::P50)],
        ];
        compare(&mut blocks, 1.2);
        let ratio = &blocks[1][1];
        assert_eq!((ratio.kind, ratio.of(Side::Server)), (Kind::TIMES_PLAIN, &[1.5, 1.0][..]));
        assert_eq!(ratio.reached(ratio.aims[0]), Some(false));
        assert_eq!(blocks[0].len(), 2);
    }
}
