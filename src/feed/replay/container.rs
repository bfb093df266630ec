//! What a dump is packed in: nothing, gzip or zip. Gives a plain stream of bytes; one that ends
//! too soon or is damaged ends in an error, never in silence.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use zip::{CompressionMethod, ZipArchive};

use crate::feed::FeedError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Container {
    Plain,
    Gzip,
    /// A member of a zip archive, found by where its data is, so that it can be streamed without
    /// the archive's own borrowing reader.
    Member {
        offset: u64,
        packed: u64,
        size: u64,
        crc: u32,
        deflated: bool,
    },
}

impl Container {
    /// Opens the part; packed bytes are added to `read` as they are read.
    pub(super) fn open(
        &self,
        path: &Path,
        read: Arc<AtomicU64>,
    ) -> io::Result<Box<dyn Read + Send>> {
        let mut file = File::open(path)?;
        if let Self::Member { offset, .. } = *self {
            file.seek(SeekFrom::Start(offset))?;
        }
        let file = Counted { file, read };
        Ok(match *self {
            Self::Plain => Box::new(file),
            Self::Gzip => Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(
                64 * 1024,
                file,
            ))),
            Self::Member {
                packed,
                size,
                crc,
                deflated,
                ..
            } => {
                let data = file.take(packed);
                if deflated {
                    Box::new(Checked::new(DeflateDecoder::new(data), size, crc))
                } else {
                    Box::new(Checked::new(data, size, crc))
                }
            }
        })
    }
}

/// A file whose reader can be watched.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Every `.csv` member of a zip archive with its name, in the archive's order.
pub(super) fn members(path: &Path) -> Result<Vec<(String, Container)>, FeedError> {
    let unknown = |why: String| FeedError::UnknownFormat {
        path: path.to_owned(),
        why,
    };
    let file = File::open(path).map_err(|source| FeedError::Io {
        path: path.to_owned(),
        source,
    })?;
    let mut archive = ZipArchive::new(file).map_err(|error| unknown(error.to_string()))?;
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let member = archive
            .by_index_raw(index)
            .map_err(|error| unknown(error.to_string()))?;
        let name = String::from_utf8_lossy(member.name_raw()).into_owned();
        if !member.is_file() || !name.to_ascii_lowercase().ends_with(".csv") {
            continue;
        }
        if member.encrypted() {
            return Err(unknown(format!("{name} is encrypted")));
        }
        let deflated = match member.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            other => return Err(unknown(format!("{name} is packed with {other:?}"))),
        };
        let Some(offset) = member.data_start() else {
            return Err(unknown(format!("{name} has no data")));
        };
        members.push((
            name,
            Container::Member {
                offset,
                packed: member.compressed_size(),
                size: member.size(),
                crc: member.crc32(),
                deflated,
            },
        ));
    }
    if members.is_empty() {
        return Err(unknown("the archive holds no .csv file".to_owned()));
    }
    Ok(members)
}

/// Compares what was read with what the archive's directory promises: a deflate stream that is cut
/// off ends like a whole one.
struct Checked<R> {
    inner: R,
    left: u64,
    size: u64,
    crc: u32,
    sum: Crc,
}

impl<R> Checked<R> {
    fn new(inner: R, size: u64, crc: u32) -> Self {
        Self {
            inner,
            left: size,
            size,
            crc,
            sum: Crc::new(),
        }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if read == 0 && !buffer.is_empty() {
            if self.left > 0 {
                let got = self.size - self.left;
                let message = format!("the packed data ends after {got} of {} bytes", self.size);
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
            }
            if self.sum.sum() != self.crc {
                let message = "the data is damaged: its CRC32 is not the archive's";
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        }
        self.sum.update(&buffer[..read]);
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            let message = format!("the packed data is longer than {} bytes", self.size);
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
        Ok(read)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(text: &[u8], size: u64, crc: u32) -> io::Result<String> {
        let mut out = String::new();
        Checked::new(text, size, crc).read_to_string(&mut out)?;
        Ok(out)
    }

    #[test]
    fn a_stream_that_is_short_long_or_damaged_is_an_error() {
        let mut sum = Crc::new();
        sum.update(b"abc");
        let crc = sum.sum();
        assert_eq!(read(b"abc", 3, crc).unwrap(), "abc");
        assert!(
            read(b"ab", 3, crc)
                .unwrap_err()
                .to_string()
                .contains("2 of 3")
        );
        assert!(
            read(b"abcd", 3, crc)
                .unwrap_err()
                .to_string()
                .contains("longer")
        );
        assert!(
            read(b"abd", 3, crc)
                .unwrap_err()
                .to_string()
                .contains("CRC32")
        );
    }

    #[test]
    fn members_are_read_where_they_lie_stored_or_deflated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.zip");
        let mut archive = zip::ZipWriter::new(File::create(&path).unwrap());
        for (name, method) in [
            ("a.csv", CompressionMethod::Stored),
            ("notes.txt", CompressionMethod::Stored),
            ("b.CSV", CompressionMethod::Deflated),
        ] {
            let options = zip::write::SimpleFileOptions::default().compression_method(method);
            archive.start_file(name, options).unwrap();
            archive.write_all(name.repeat(1_000).as_bytes()).unwrap();
        }
        archive.finish().unwrap();
        let found = members(&path).unwrap();
        assert_eq!(found.len(), 2);
        for (name, container) in found {
            let mut text = String::new();
            container
                .open(&path, Arc::default())
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, name.repeat(1_000));
        }
    }
}
