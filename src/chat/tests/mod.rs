//! The rules, told by requests as values: the disk is at once done with everything, or fails.

mod contacts;
mod files;
mod gate;
mod lists;
mod matrix;
mod offers;
mod rooms;
mod world;
