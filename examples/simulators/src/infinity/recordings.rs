//! Files of recordings: a tone as long as the talk was, in the formats that may be asked for.

/// Samples per second.
const RATE: u32 = 8_000;
/// The longest file, in seconds of sound.
const LONGEST: u32 = 600;

/// The formats, by the names that requests have for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Pcm,
    Gsm,
    Mp3,
}

impl Codec {
    /// The format of a name; none: what is stored.
    pub(super) fn of(name: Option<&str>) -> Option<Self> {
        match name {
            None | Some("pcm") => Some(Self::Pcm),
            Some("gsm") => Some(Self::Gsm),
            Some("mp3") => Some(Self::Mp3),
            Some(_) => None,
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Pcm | Self::Gsm => "audio/x-wav",
            Self::Mp3 => "audio/mpeg",
        }
    }

    /// A file of so many milliseconds. Of GSM and MP3 it is silence, which needs no encoder.
    pub(super) fn file(self, millis: u64) -> Vec<u8> {
        let millis = u32::try_from(millis).unwrap_or(u32::MAX).min(LONGEST * 1_000);
        match self {
            Self::Pcm => pcm(millis),
            Self::Gsm => gsm(millis),
            Self::Mp3 => mp3(millis),
        }
    }
}

/// A RIFF file of one `fmt ` and one `data` chunk.
fn riff(format: &[u8], data: &[u8]) -> Vec<u8> {
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
    let mut file = Vec::with_capacity(data.len() + 64);
    file.extend(b"RIFF");
    file.extend(length(4 + 8 + format.len() + 8 + data.len()));
    file.extend(b"WAVEfmt ");
    file.extend(length(format.len()));
    file.extend(format);
    file.extend(b"data");
    file.extend(length(data.len()));
    file.extend(data);
    file
}

/// Mono, 16 bits, a square tone of 400 Hz.
fn pcm(millis: u32) -> Vec<u8> {
    let mut format = Vec::new();
    for (value, bytes) in [(1, 2), (1, 2), (RATE, 4), (RATE * 2, 4), (2, 2), (16, 2)] {
        format.extend(&value.to_le_bytes()[..bytes]);
    }
    let samples = millis * (RATE / 1_000);
    let tone = (0..samples).flat_map(|at| (if at % 20 < 10 { 1_000_i16 } else { -1_000 }).to_le_bytes());
    riff(&format, &tone.collect::<Vec<u8>>())
}

/// GSM 6.10 as WAV has it: blocks of 65 bytes for 320 samples, all parameters zero.
fn gsm(millis: u32) -> Vec<u8> {
    let mut format = Vec::new();
    for (value, bytes) in [(0x31, 2), (1, 2), (RATE, 4), (1_625, 4), (65, 2), (0, 2), (2, 2), (320, 2)] {
        format.extend(&u32::to_le_bytes(value)[..bytes]);
    }
    riff(&format, &vec![0; 65 * millis.div_ceil(40) as usize])
}

/// MPEG-1 layer III, 32 kbit/s, 44.1 kHz, mono: frames of 104 bytes that hold nothing.
fn mp3(millis: u32) -> Vec<u8> {
    let mut frame = [0_u8; 104];
    frame[..4].copy_from_slice(&[0xff, 0xfb, 0x10, 0xc4]);
    frame.repeat((millis / 26).max(1) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_length_that_they_say() {
        let file = Codec::Pcm.file(1_000);
        assert_eq!((&file[..4], &file[8..16], file.len()), (&b"RIFF"[..], &b"WAVEfmt "[..], 44 + 16_000));
        assert_eq!(u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize, file.len() - 8);
        let file = Codec::Gsm.file(1_000);
        assert_eq!(u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize, file.len() - 8);
        assert_eq!(Codec::Mp3.file(0).len(), 104);
        assert_eq!(Codec::of(Some("ogg")), None);
    }
}
