//! What must always hold, whatever the order of events.

use super::world::World;
use jim::chat::{Payload, Sessions};
use jim::message::{
    AccountId, AudienceId, ConnectionId, Conversation, Job, Listing, Mark, MessageId, Name,
    PageMessage, Phrase, Reply, StoredMessage,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

impl World {
    /// Numbers only grow, whatever the clock does.
    pub(super) fn numbered(&mut self, id: MessageId) {
        assert!(id > self.last_id, "{id} after {}", self.last_id);
        assert!(id < self.disk.ceiling, "{id} may come again after a restart");
        self.last_id = id;
    }

    /// A file is announced once, also where two connections bring its last piece.
    pub(super) fn check_announced_once(&self, message: &StoredMessage) {
        let upload = |message: &StoredMessage| message.attachment.as_ref().map(|one| one.upload);
        let Some(file) = upload(message) else { return };
        let is_same = |(_, job): &(ConnectionId, Job)| matches!(job, Job::Store(other) if upload(other) == Some(file));
        let is_announced = self.disk.files.content(file).is_some();
        assert!(!is_announced && !self.to_write.iter().any(is_same), "{file:?} comes twice");
    }

    /// Nobody enters rooms more often than its rate lets it.
    pub(super) fn check_joins(&mut self, account: AccountId) {
        let (now, joins) = (self.now.uptime, self.joins.entry(account).or_default());
        joins.push(now);
        let lately = joins.iter().filter(|at| **at + Duration::from_secs(60) > now).count();
        // All of a minute at once, and those that the minute gives.
        assert!(
            lately <= 2 * self.policy.joins_per_minute as usize,
            "{account:?} joined {lately} times"
        );
    }

    /// Each answer is that of the oldest request, and true of the disk.
    pub(super) fn answered(&mut self, to: ConnectionId, reply: &Reply) {
        let line = self.line(to);
        let owed = line.owed.pop_front().expect("an answer without a request");
        if let Phrase::Authenticated { user } | Phrase::AlreadyAuthenticated { user } =
            &reply.phrase
        {
            line.user = Some(user.clone());
        }
        let extra = reply.extra.as_deref();
        if let Some(id) = extra.and_then(|extra| extra.id.as_deref()).filter(|id| *id != "7777") {
            assert_eq!(id, owed.id.to_string(), "another request's answer");
        }
        if let Some(message) = owed.stores {
            let is_kept = self.disk.messages.contains_key(&message);
            assert_eq!(is_kept, !reply.code.is_error(), "{message}: {reply:?}");
        }
        if let Some(data) = extra.and_then(|extra| extra.file.as_ref()?.data.as_deref()) {
            let (file, offset) = owed.gets.expect("a piece that nobody asked for");
            let content = self.disk.files.content(file).expect("it was announced");
            let rest = &content[usize::try_from(offset).unwrap()..];
            assert_eq!(Some(data), rest.get(..data.len()), "another piece");
            self.check_may_have(to, file);
        }
        if let Some(Listing::Rooms(rooms)) = extra.and_then(|extra| extra.listing.as_ref()) {
            for room in rooms {
                assert!(room.online <= room.members, "{room:?}");
            }
        }
    }

    /// Whoever gets a file may read where it was sent. Not while the chat is to hear of something.
    fn check_may_have(&self, to: ConnectionId, file: MessageId) {
        if self.operated || !self.written.is_empty() {
            return;
        }
        let user = self.open[&to.slot].user.as_ref();
        let account = self.disk.accounts.iter().find(|account| Some(&account.name) == user);
        let account = account.expect("who has no account gets no files").id;
        let conversation = self.disk.files.record(file).map(|record| record.upload.conversation);
        let may_have = match conversation.expect("it is there") {
            Conversation::Common => true,
            Conversation::Direct(one, other) => account == one || account == other,
            Conversation::Room(room) => self.disk.members.contains(&(room, account)),
        };
        assert!(may_have, "{to:?} may not have {file:?}");
    }

    pub(super) fn delivered(
        &mut self,
        asked: Option<(ConnectionId, &str)>,
        to: AudienceId,
        except: Option<ConnectionId>,
        payload: &Payload,
        mark: Mark,
    ) {
        match payload {
            Payload::Stored(message) => {
                assert!(self.disk.messages.contains_key(&mark.id), "it is not on disk yet");
                assert_eq!(message.mark, mark);
                let seen = self.delivered.entry(message.conversation).or_default();
                assert!(seen.last().is_none_or(|last| *last < mark.id), "out of order");
                seen.push(mark.id);
            }
            Payload::AsSent => {
                let (asker, text) = asked.expect("a delivery outside a request");
                assert!(except.is_none_or(|except| except == asker));
                self.numbered(mark.id);
                self.check_delivery(to, asker);
                self.check_unkept(to, asker, text);
            }
            Payload::WithSender(_) | Payload::File(_) => panic!("nobody asked for that"),
        }
    }

    /// What waited comes in order, from the disk, to whom it waited for.
    pub(super) fn handed(&mut self, to: ConnectionId, message: &PageMessage) {
        assert!(self.disk.messages.contains_key(&message.mark.id), "it is not on disk");
        self.handed.insert(message.mark.id);
        let line = self.line(to);
        assert!(line.handed < message.mark.id, "out of order");
        line.handed = message.mark.id;
    }

    /// What is written to a room comes from a member, and goes to members alone.
    fn check_delivery(&self, to: AudienceId, asker: ConnectionId) {
        let audience = self.audiences.get(&to).cloned().unwrap_or_default();
        assert!(audience.iter().all(|id| self.open[&id.slot].id == *id));
        if to != AudienceId::COMMON && self.open[&asker.slot].user.is_none() {
            // A guest writes to a name, never to a room: all in it go by one name.
            let names: BTreeSet<_> = audience.iter().map(|id| self.chat.name_of(*id)).collect();
            assert!(names.len() <= 1, "a guest reached a room");
        }
    }

    /// What is kept comes from the disk alone. Of what is said in the exchange nothing is.
    fn check_unkept(&self, to: AudienceId, asker: ConnectionId, text: &str) {
        let kept = self.policy.kept;
        let is_common = to == AudienceId::COMMON;
        let is_kept = if is_common {
            kept.common && !self.wires.is_in_exchange(asker)
        } else {
            kept.rooms && text.contains(r##""to":"#"##)
        };
        assert!(!is_kept, "{to:?} gets it before its commit");
    }

    /// Who is in which room by the disk is so in the audiences. Not while there are jobs.
    pub(super) fn check_memberships(&self) {
        let mut connections: BTreeMap<AccountId, BTreeSet<ConnectionId>> = BTreeMap::new();
        for line in self.open.values() {
            let name = line.user.as_ref();
            let account = self.disk.accounts.iter().find(|account| Some(&account.name) == name);
            if let Some(account) = account {
                connections.entry(account.id).or_default().insert(line.id);
            }
        }
        for room in self.disk.rooms.values() {
            let members = self.disk.members.iter().filter(|(of, _)| *of == room.id);
            let online = members.filter_map(|(_, member)| connections.get(member)).flatten();
            let online: BTreeSet<ConnectionId> = online.copied().collect();
            let is_there = self.audiences.values().any(|audience| *audience == online);
            assert!(is_there || online.is_empty(), "{online:?} are in {:?} on disk", room.name);
        }
    }

    pub(super) fn check(&self) {
        let mut holders: BTreeMap<&Name, usize> = BTreeMap::new();
        for line in self.open.values() {
            if let Some(user) = &line.user {
                *holders.entry(user).or_default() += 1;
            }
        }
        if self.sessions != Sessions::Many {
            assert!(holders.values().all(|count| *count == 1), "one login, two connections");
        }
        let mut expected = self.chat.audit().expect("the chat agrees with itself");
        for (id, members) in &self.audiences {
            for member in members {
                assert_eq!(self.open[&member.slot].id, *member, "{id:?} keeps a gone connection");
            }
            assert_eq!(&expected.remove(id).unwrap_or_default(), members, "{id:?}");
        }
        assert!(expected.is_empty(), "nobody was told of {expected:?}");
        self.wires.check();
    }
}
