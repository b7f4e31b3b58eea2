//! Video events of the player in a browser and of the mobile apps.

use std::fmt::{self, Display, Write};

use super::Scene;
use super::courses::Video;
use super::draft::{Draft, Sender};
use super::random::one_of;

/// A time in microseconds, displayed in seconds as a player writes it: without a fraction if the fraction is zero.
struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, microseconds) = (self.0 / 1_000_000, self.0 % 1_000_000);
        match microseconds {
            0 => write!(f, "{seconds}"),
            _ if microseconds % 10_000 == 0 => write!(f, "{seconds}.{:02}", microseconds / 10_000),
            _ => write!(f, "{seconds}.{microseconds:06}"),
        }
    }
}

fn began<'d>(draft: &'d mut Draft, video: &Video, sender: Sender) -> &'d mut String {
    draft.sender = sender;
    let (hex, code) = (&video.hex, &video.code);
    let duration = Seconds(video.duration);
    let _ = write!(
        draft.event,
        "{{\"duration\": {duration}, \"code\": \"{code}\", \"id\": \"{hex}\""
    );
    &mut draft.event
}

/// Advances the position in the video, and returns it.
fn played_on(scene: &mut Scene<'_>) -> u64 {
    let duration = scene.course.videos[scene.session.video].duration;
    let at = scene.session.video_at + scene.rng.u64(..40_000_000);
    scene.session.video_at = at % duration;
    scene.session.video_at
}

pub fn loaded(draft: &mut Draft, scene: &mut Scene<'_>) {
    load(draft, scene, Sender::Browser);
}

pub fn loaded_on_mobile(draft: &mut Draft, scene: &mut Scene<'_>) {
    load(draft, scene, Sender::Mobile);
}

fn load(draft: &mut Draft, scene: &mut Scene<'_>, sender: Sender) {
    scene.session.video_at = 0;
    began(draft, &scene.course.videos[scene.session.video], sender).push('}');
}

pub fn at_time(draft: &mut Draft, scene: &mut Scene<'_>) {
    let at = Seconds(played_on(scene));
    let event = began(
        draft,
        &scene.course.videos[scene.session.video],
        Sender::Browser,
    );
    let _ = write!(event, ", \"currentTime\": {at}}}");
}

pub fn at_time_on_mobile(draft: &mut Draft, scene: &mut Scene<'_>) {
    // The apps round to milliseconds.
    let at = Seconds(played_on(scene) / 1000 * 1000);
    let event = began(
        draft,
        &scene.course.videos[scene.session.video],
        Sender::Mobile,
    );
    let _ = write!(event, ", \"current_time\": {at}}}");
}

pub fn at_end(draft: &mut Draft, scene: &mut Scene<'_>) {
    let video = &scene.course.videos[scene.session.video];
    let at = Seconds(video.duration);
    let _ = write!(
        began(draft, video, Sender::Browser),
        ", \"currentTime\": {at}}}"
    );
}

pub fn seeked(draft: &mut Draft, scene: &mut Scene<'_>) {
    seek(draft, scene, Sender::Browser);
}

pub fn seeked_on_mobile(draft: &mut Draft, scene: &mut Scene<'_>) {
    seek(draft, scene, Sender::Mobile);
}

fn seek(draft: &mut Draft, scene: &mut Scene<'_>, sender: Sender) {
    let from = Seconds(played_on(scene));
    let video = &scene.course.videos[scene.session.video];
    let to = scene.rng.u64(..video.duration) / 10_000 * 10_000;
    scene.session.video_at = to;
    let to = Seconds(to);
    let how = one_of(scene.rng, &["onSlideSeek", "onCaptionSeek", "onSkipSeek"]);
    let event = began(draft, video, sender);
    let _ = write!(
        event,
        ", \"old_time\": {from}, \"new_time\": {to}, \"type\": \"{how}\"}}"
    );
}

pub fn speed_changed(draft: &mut Draft, scene: &mut Scene<'_>) {
    let at = Seconds(played_on(scene));
    let (old, new) = *one_of(
        scene.rng,
        &[
            ("1.0", "1.25"),
            ("1.0", "1.50"),
            ("1.50", "2.0"),
            ("1.25", "1.0"),
        ],
    );
    let event = began(
        draft,
        &scene.course.videos[scene.session.video],
        Sender::Browser,
    );
    let _ = write!(
        event,
        ", \"current_time\": {at}, \"old_speed\": \"{old}\", \"new_speed\": \"{new}\"}}"
    );
}

pub fn menu(draft: &mut Draft, scene: &mut Scene<'_>) {
    began(
        draft,
        &scene.course.videos[scene.session.video],
        Sender::Browser,
    )
    .push('}');
}
