//! A stage's epoch at its owner: it answers, once all owners agree upon gates and limits.

use stream_kernel_exec::Refusal;
use stream_kernel_run::Application;

use super::{Places, Worker};
use crate::owner::OwnerStage;
use crate::packet::{BadPacket, Packet, Topic, read_bytes, write_bytes};
use crate::part::Bytes;
use crate::planted::{Bug, is_planted};

impl<A: Application, I: Bytes, P: Places> Worker<A, I, P> {
    /// Answers, as an owner, what all workers ask of the stages; returns the stage with which it went on, if there is one.
    pub(super) fn answer_stages(&mut self) -> Result<Option<usize>, BadPacket> {
        for stage in 0..self.plan.stages.len() {
            let epoch = self.owned[stage].next;
            if self.owned[stage].current.is_some() {
                if self.agree(epoch, stage)? {
                    return Ok(Some(stage));
                }
                continue;
            }
            let Some(packets) = self.take(epoch, Topic::Asks { stage }) else { continue };
            let Some(bad) = packets.first().map(Packet::bad) else { continue };
            let watermark = self.owned[stage].watermark;
            let topic = Topic::Asks { stage };
            let handed = (0..packets.len()).map(|home| self.handover.take((home, self.index, epoch, topic)));
            let handed = handed.collect();
            let new = OwnerStage::new((packets, handed), &mut self.owner_runners(), stage, watermark);
            let mut current = new.ok_or_else(|| bad.clone())?;
            if let Some(asked) = self.homes.get_mut(&epoch).and_then(|home| home.stages.get_mut(stage)) {
                asked.moves = current.moves().clone();
            }
            current.run(&mut self.owner_runners(), stage).ok_or(bad)?;
            if self.runners.owner.memory().is_agreed_upon(&self.plan.stages[stage]) {
                self.send_round(epoch, stage, &mut current);
                self.owned[stage].current = Some(current);
            } else {
                self.send_answers(epoch, stage, current, None);
            }
            return Ok(Some(stage));
        }
        Ok(None)
    }

    fn send_round(&mut self, epoch: u64, stage: usize, current: &mut OwnerStage<A::Message>) {
        let described = &self.plan.stages[stage];
        let round = current.round;
        let (added, is_new) = current.added(&mut self.runners.owner, described);
        let mut bytes = vec![u8::from(is_new)];
        write_bytes(added, &mut bytes);
        self.runners.owner.memory().write_counts(described, &mut bytes);
        self.send_to_all(epoch, Topic::Round { stage, round }, &bytes);
    }

    /// Goes on with what owners have to agree upon, once all have said what they have to say.
    fn agree(&mut self, epoch: u64, stage: usize) -> Result<bool, BadPacket> {
        let Some(mut current) = self.owned[stage].current.take() else { return Ok(false) };
        let topic = if self.owned[stage].waits_for_counted {
            Topic::Counted { stage }
        } else {
            Topic::Round { stage, round: current.round }
        };
        let Some(packets) = self.take(epoch, topic) else {
            self.owned[stage].current = Some(current);
            return Ok(false);
        };
        let Some(bad) = packets.first().map(Packet::bad) else { return Ok(false) };
        let memory = self.runners.owner.memory();
        let described = &self.plan.stages[stage];
        if self.owned[stage].waits_for_counted {
            let counted = packets.iter().map(|packet| packet.bytes.as_slice());
            let refused = memory.first_refused(described, counted).ok_or(bad)?;
            self.owned[stage].waits_for_counted = false;
            self.send_answers(epoch, stage, current, refused);
            return Ok(true);
        }
        let said: Option<Vec<_>> = packets.iter().map(|packet| read_round(&packet.bytes)).collect();
        let said = said.ok_or_else(|| bad.clone())?;
        if said.iter().any(|(is_new, ..)| *is_new) && !(is_planted(Bug::OneRound) && current.round > 0) {
            let index = self.index;
            let others = said.iter().enumerate().filter(|(worker, _)| *worker != index);
            let others = others.filter(|_| !is_planted(Bug::DeafToGates));
            let others = others.map(|(_, (_, added, _))| *added);
            current.hear_added(others, &mut self.owner_runners(), stage).ok_or(bad)?;
            current.round += 1;
            self.send_round(epoch, stage, &mut current);
            self.owned[stage].current = Some(current);
            return Ok(true);
        }
        let counts = said.iter().map(|(.., counts)| *counts);
        if memory.may_reach_limit(described, counts).ok_or(bad)? && !is_planted(Bug::LimitForEach) {
            let mut bytes = Vec::new();
            memory.write_counted(described, &mut bytes);
            self.send_to_all(epoch, Topic::Counted { stage }, &bytes);
            self.owned[stage].waits_for_counted = true;
            self.owned[stage].current = Some(current);
        } else {
            self.send_answers(epoch, stage, current, None);
        }
        Ok(true)
    }

    fn send_answers(
        &mut self,
        epoch: u64,
        stage: usize,
        mut current: OwnerStage<A::Message>,
        refusal: Option<(u64, Refusal)>,
    ) {
        for (home, lines) in current.take_handed().into_iter().enumerate() {
            self.handover.put((self.index, home, epoch, Topic::Answers { stage }), lines);
        }
        let answers = current.answers(refusal, self.plan.owners.workers());
        for (home, bytes) in answers.into_iter().enumerate() {
            self.send(home, epoch, Topic::Answers { stage }, bytes);
        }
        self.runners.owner.memory().end_epoch(&self.plan.stages[stage]);
        self.owned[stage].watermark = current.moves().at_last();
        self.owned[stage].next = epoch + 1;
    }
}

/// Reads what an owner has said in a round: whether it has added anything new, what it has added, and what limits have counted.
fn read_round(bytes: &[u8]) -> Option<(bool, &[u8], &[u8])> {
    let (&is_new, mut rest) = bytes.split_first()?;
    let added = read_bytes(&mut rest)?;
    Some((is_new != 0, added, rest))
}
