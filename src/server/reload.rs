//! Reading the configuration anew, while nobody is dropped: a thread reads, the loop takes it over
//! between two turns.

use super::control::Asker;
use super::event_loop::{Observer, Running, Server};
use super::orders::refused;
use super::{ServerTls, Settings};
use crate::control::{Answer, Refusal};
use crate::message::Retention;
use crate::workers::{BrokeOff, Errand};
use std::io;

/// What was read anew, and is good.
#[derive(Debug)]
pub struct Fresh {
    /// The settings from now on. Those that wait for a restart are as they were.
    pub settings: Settings,
    /// What is shown from now on to those who speak TLS; who is connected keeps what it has.
    pub tls: Option<ServerTls>,
    /// The keys of the settings that are others now, or whose file is.
    pub applied: Vec<String>,
    /// The keys of those that wait for a restart.
    pub restart: Vec<String>,
}

/// The thread that reads, and who waits for it.
#[derive(Debug)]
pub(super) struct Reload {
    errand: Errand<Result<Fresh, String>>,
    /// Who is told of what is under way.
    asked: Vec<Asker>,
    /// Who asked while it was: what they want read may have been written too late for it.
    next: Vec<Asker>,
    /// It is to be done once more.
    again: bool,
}

impl<O: Observer> Server<O> {
    /// Reads the configuration anew by `read`, on a thread of its own, at SIGHUP or an order. It
    /// says in a sentence, or in lines, why the old one stays.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn reload_by(
        &mut self,
        read: impl FnMut() -> Result<Fresh, String> + Send + 'static,
    ) -> io::Result<()> {
        let errand = Errand::spawn("reload", read, self.wake())?;
        self.reload = Some(Reload { errand, asked: Vec::new(), next: Vec::new(), again: false });
        Ok(())
    }
}

impl<O: Observer> Running<O> {
    /// Has the configuration read anew; `asker` is told what came of it. However often that is
    /// wanted meanwhile, it is done once more.
    pub(super) fn begin_reload(&mut self, asker: Option<Asker>) {
        if self.is_stopping() {
            let answer = too_late();
            return asker.into_iter().for_each(|asker| self.answer_order(asker, &answer, false));
        }
        let Some(reload) = &mut self.server.reload else {
            let answer = refused(Refusal::Busy, "this server has no configuration to read");
            return asker.into_iter().for_each(|asker| self.answer_order(asker, &answer, false));
        };
        if reload.errand.is_under_way() {
            reload.again = true;
            reload.next.extend(asker);
            return;
        }
        reload.asked.extend(asker);
        if reload.errand.ask() {
            return self.server.announcer.reloading(self.now.uptime);
        }
        log::error!("the thread that reads the configuration is gone");
        let answer = refused(Refusal::Busy, "the thread that reads the configuration is gone");
        for asker in std::mem::take(&mut reload.asked) {
            self.answer_order(asker, &answer, false);
        }
    }

    /// Takes over what was read.
    pub(super) fn finish_reload(&mut self) {
        let Some(reload) = &mut self.server.reload else { return };
        let Some(read) = reload.errand.poll() else { return };
        if self.drain.is_some() {
            return;
        }
        let askers = std::mem::take(&mut reload.asked);
        let answer = match read.unwrap_or_else(|error| Err(broke_off(error))) {
            Ok(fresh) => self.renew(fresh),
            Err(text) => {
                log::error!("the configuration stays as it was: {text}");
                Answer::Refused { why: Refusal::Settings, text }
            }
        };
        self.server.announcer.ready(self.now.uptime);
        for asker in askers {
            self.answer_order(asker, &answer, false);
        }
        let Some(reload) = &mut self.server.reload else { return };
        if std::mem::take(&mut reload.again) {
            reload.asked = std::mem::take(&mut reload.next);
            self.begin_reload(None);
        }
    }

    /// The server stops: what is being read is of no use to it any more.
    pub(super) fn refuse_reloads(&mut self) {
        let Some(reload) = &mut self.server.reload else { return };
        reload.again = false;
        let mut askers = std::mem::take(&mut reload.asked);
        askers.append(&mut reload.next);
        askers.into_iter().for_each(|asker| self.answer_order(asker, &too_late(), false));
    }

    /// What changes for the running server.
    fn renew(&mut self, fresh: Fresh) -> Answer {
        let Fresh { settings, tls, applied, restart } = fresh;
        log::info!("the configuration was read anew: {}", list(&applied));
        if !restart.is_empty() {
            log::warn!("waiting for a restart: {}", list(&restart));
        }
        let policy = settings.policy.clone();
        let retention = Retention {
            kept: policy.kept,
            rooms: policy.kept_rooms.clone(),
            attachments: policy.attachments,
        };
        self.workers.storage.retain(retention);
        self.chat.renew(self.now, policy, settings.limits.clone());
        self.carry_out(&[]);
        for connection in self.connections.iter_mut() {
            connection.set_pacing(settings.pacing);
        }
        self.server.observer.renewed(&settings);
        self.server.set_tls(tls);
        self.server.settings = settings;
        Answer::Reloaded { applied, restart }
    }
}

fn too_late() -> Answer {
    refused(Refusal::Busy, "the server is stopping: it reads no configuration any more")
}

fn broke_off(error: BrokeOff) -> String {
    format!("the configuration was not read: {error}; the log says more")
}

fn list(keys: &[String]) -> String {
    if keys.is_empty() { "nothing is another".to_owned() } else { keys.join(", ") }
}
