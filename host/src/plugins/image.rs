//! A library's bytes as they were looked at, in a file that is nobody else's and has no name.
//!
//! What was checked is what is loaded, whatever happens to the file in the folder; and a host that is killed leaves
//! nothing behind.

use std::fs::File;
use std::io::Write;
#[cfg(not(target_os = "linux"))]
use std::io::{Read, Seek, SeekFrom};

/// The bytes, readable through a descriptor.
#[derive(Debug)]
pub(super) struct Image(File);

impl Image {
    /// Keeps bytes.
    ///
    /// # Errors
    /// There is no room for them.
    pub(super) fn new(bytes: &[u8]) -> std::io::Result<Self> {
        let mut file = anonymous()?;
        file.write_all(bytes)?;
        seal(&file)?;
        Ok(Self(file))
    }

    /// The bytes again.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut file = self.0.try_clone()?;
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The file; to be sent to a runner.
    #[cfg(target_os = "linux")]
    pub(super) fn file(&self) -> &File {
        &self.0
    }
}

/// In memory; where that is switched off, a temporary file whose name is removed at once.
#[cfg(target_os = "linux")]
fn anonymous() -> std::io::Result<File> {
    use rustix::fs::MemfdFlags;
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Kernels before 6.3 do not know the flag.
    let made = rustix::fs::memfd_create("jackfield-plugin", flags | MemfdFlags::EXEC)
        .or_else(|_| rustix::fs::memfd_create("jackfield-plugin", flags));
    match made {
        Ok(memory) => Ok(File::from(memory)),
        Err(_) => tempfile::tempfile(),
    }
}

#[cfg(not(target_os = "linux"))]
fn anonymous() -> std::io::Result<File> {
    tempfile::tempfile()
}

/// How often sealing is tried. The kernel itself waits about 150 ms each time before it gives up.
#[cfg(target_os = "linux")]
const MOST_SEALS: u32 = 40;

/// Nobody changes it any more, not even who holds it.
///
/// On a busy machine the kernel holds pages for a moment (it compacts memory, a batch of another core is not done) and
/// says EBUSY, as if somebody could still write through them. Nobody can; it is asked again.
#[cfg(target_os = "linux")]
fn seal(file: &File) -> std::io::Result<()> {
    use rustix::fs::SealFlags;
    use rustix::io::Errno;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    let mut tries = 0;
    loop {
        tries += 1;
        match rustix::fs::fcntl_add_seals(file, seals) {
            // A temporary file cannot be sealed; it has no name by which it could be opened.
            Ok(()) | Err(Errno::INVAL) => return Ok(()),
            Err(Errno::BUSY) if tries < MOST_SEALS => std::thread::sleep(std::time::Duration::from_millis(5)),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn seal(_: &File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn an_image_holds_its_bytes_and_cannot_be_changed() {
        use std::os::unix::fs::FileExt;
        let image = Image::new(b"library").unwrap();
        let mut bytes = [0; 7];
        image.file().read_exact_at(&mut bytes, 0).unwrap();
        assert_eq!(&bytes, b"library");
        assert!(image.file().write_at(b"x", 0).is_err());
        assert!(image.file().set_len(0).is_err());
    }
}
