//! Writes a bundle: the entries as they come, then what is known of all of them.

use std::io::{Seek, Write};

use serde::Serialize;
use zip::ZipWriter;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;

use super::{ENTRIES, HEADS, MANIFEST, Manifest};
use crate::seal::{LogEntry, SignedHead};

#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Zip(#[from] ZipError),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// A bundle in the making.
pub struct BundleWriter<W: Write + Seek>(ZipWriter<W>);

impl<W: Write + Seek> BundleWriter<W> {
    pub fn new(file: W) -> Result<Self, WriteError> {
        let mut zip = ZipWriter::new(file);
        zip.start_file(ENTRIES, options())?;
        Ok(Self(zip))
    }

    pub fn entry(&mut self, entry: &LogEntry) -> Result<(), WriteError> {
        self.line(entry)
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), WriteError> {
        serde_json::to_writer(&mut self.0, value)?;
        Ok(self.0.write_all(b"\n")?)
    }

    /// Adds heads and manifest, with its checksum, and ends the file.
    pub fn finish(mut self, heads: &[SignedHead], mut manifest: Manifest) -> Result<W, WriteError> {
        self.0.start_file(HEADS, options())?;
        for head in heads {
            self.line(head)?;
        }
        self.0.start_file(MANIFEST, options())?;
        manifest.checksum = manifest.computed_checksum();
        self.line(&manifest)?;
        Ok(self.0.finish()?)
    }
}

fn options() -> SimpleFileOptions {
    // Entries of a long log are more than 4 GiB.
    SimpleFileOptions::default().large_file(true)
}
