//! What stands for a secret: a pseudonym of the same length, letters for letters and digits for digits, and every form
//! in which either of them may travel.

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use md5::Md5;
use sha2::{Digest, Sha256};

use super::Dice;

/// A longer secret is looked for piece by piece.
const PIECE: usize = 64;
/// Of a shorter one neither base64 nor other forms are looked for: they would be found everywhere.
pub(super) const FORMS_FROM: usize = 6;

/// A pseudonym. What is no letter and no digit stays, so that every form of both has the same length.
pub(super) fn pseudonym(secret: &str, dice: &mut Dice) -> String {
    let plain = secret.chars().filter(|c| c.is_alphanumeric()).count();
    let other = |c: char, dice: &mut Dice| match c {
        '0'..='9' => dice.of(b"0123456789"),
        'a'..='z' => dice.of(b"abcdefghijklmnopqrstuvwxyz"),
        'A'..='Z' => dice.of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        // A secret of signs alone must not stay as it is.
        c if c.is_ascii() && plain >= 3 => c,
        c if c.is_ascii() => dice.of(b"abcdefghijklmnopqrstuvwxyz"),
        c if c.len_utf8() == 2 => char::from_u32(0x430 + dice.below(32)).unwrap_or(c),
        c if c.len_utf8() == 3 => char::from_u32(0x4e00 + dice.below(0x1000)).unwrap_or(c),
        c => char::from_u32(0x2_0000 + dice.below(0x1000)).unwrap_or(c),
    };
    loop {
        let made: String = secret.chars().map(|c| other(c, dice)).collect();
        if made != secret {
            return made;
        }
    }
}

/// A form of a secret, and the same form of its pseudonym: as long.
pub(super) type Form = (Vec<u8>, Vec<u8>);

/// Every form in which a secret is looked for.
pub(super) fn forms(secret: &str, pseudonym: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut add = |real: Vec<u8>, shown: Vec<u8>| {
        if real.len() == shown.len() && real != shown && !forms.iter().any(|(known, _)| *known == real) {
            forms.push((real, shown));
        }
    };
    for (real, shown) in pieces(secret.as_bytes()).zip(pieces(pseudonym.as_bytes())) {
        add(real.to_vec(), shown.to_vec());
    }
    for written in [json, json_ascii, xml, form_url, percent_upper, percent_lower] {
        for (real, shown) in pieces(&written(secret)).zip(pieces(&written(pseudonym))) {
            add(real.to_vec(), shown.to_vec());
        }
    }
    if secret.len() < FORMS_FROM {
        return forms;
    }
    for (real, shown) in pieces(secret.as_bytes()).zip(pieces(pseudonym.as_bytes())) {
        for offset in 0..3 {
            add(base64(real, offset, &STANDARD_NO_PAD), base64(shown, offset, &STANDARD_NO_PAD));
            add(base64(real, offset, &URL_SAFE_NO_PAD), base64(shown, offset, &URL_SAFE_NO_PAD));
        }
        add(hex(real), hex(shown));
        add(hex(real).to_ascii_uppercase(), hex(shown).to_ascii_uppercase());
    }
    let wide = |text: &str| text.encode_utf16().collect::<Vec<_>>();
    let (real, shown) = (wide(secret), wide(pseudonym));
    add(
        real.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        shown.iter().flat_map(|u| u.to_le_bytes()).collect(),
    );
    add(
        real.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        shown.iter().flat_map(|u| u.to_be_bytes()).collect(),
    );
    // A digest without salt is as good as the secret; the pseudonym has the same one.
    for of in [str::to_owned, str::to_lowercase, str::to_uppercase] as [fn(&str) -> String; 3] {
        let (real, shown) = (of(secret), of(pseudonym));
        for digest in [md5, sha256] as [fn(&[u8]) -> Vec<u8>; 2] {
            for bytes in [utf8, windows_1251] as [fn(&str) -> Vec<u8>; 2] {
                let (real, shown) = (digest(&bytes(&real)), digest(&bytes(&shown)));
                add(real.clone(), shown.clone());
                add(hex(&real), hex(&shown));
                add(hex(&real).to_ascii_uppercase(), hex(&shown).to_ascii_uppercase());
                add(base64(&real, 0, &STANDARD_NO_PAD), base64(&shown, 0, &STANDARD_NO_PAD));
            }
        }
    }
    forms
}

fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    // The last one is never short: it goes with the one before.
    let count = (bytes.len() / PIECE).max(1);
    (0..count).map(move |nth| {
        let end = if nth + 1 == count { bytes.len() } else { (nth + 1) * PIECE };
        &bytes[nth * PIECE..end]
    })
}

fn utf8(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// The Russian and Latin letters of Windows-1251; others are left out.
fn windows_1251(text: &str) -> Vec<u8> {
    text.chars()
        .filter_map(|c| match c {
            '\0'..='\x7f' => u8::try_from(u32::from(c)).ok(),
            'А'..='я' => u8::try_from(u32::from(c) - 0x410 + 0xc0).ok(),
            'Ё' => Some(0xa8),
            'ё' => Some(0xb8),
            _ => None,
        })
        .collect()
}

fn md5(bytes: &[u8]) -> Vec<u8> {
    Md5::digest(bytes).to_vec()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

/// The characters that depend on these bytes alone when `offset` others (of three) stand before them.
fn base64(bytes: &[u8], offset: usize, engine: &impl base64::Engine) -> Vec<u8> {
    let mut all = vec![0; offset];
    all.extend_from_slice(bytes);
    let text = engine.encode(&all);
    let skip = [0, 2, 3][offset];
    let whole = all.len() * 8 / 6;
    text.as_bytes().get(skip..whole).unwrap_or_default().to_vec()
}

fn json(text: &str) -> Vec<u8> {
    let text = serde_json::Value::from(text).to_string();
    text.as_bytes()[1..text.len() - 1].to_vec()
}

/// JSON as those write it who escape everything but ASCII.
fn json_ascii(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for c in text.chars() {
        match c {
            '/' => out.extend_from_slice(b"\\/"),
            c if c.is_ascii() => out.extend_from_slice(&json(c.encode_utf8(&mut [0; 4]))),
            c => c.encode_utf16(&mut [0; 2]).iter().for_each(|u| out.extend(format!("\\u{u:04x}").into_bytes())),
        }
    }
    out
}

fn xml(text: &str) -> Vec<u8> {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out.into_bytes()
}

fn percent(text: &str, space_is_plus: bool, lower: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
            b' ' if space_is_plus => out.push(b'+'),
            byte if lower => out.extend(format!("%{byte:02x}").into_bytes()),
            byte => out.extend(format!("%{byte:02X}").into_bytes()),
        }
    }
    out
}

fn form_url(text: &str) -> Vec<u8> {
    percent(text, true, false)
}

fn percent_upper(text: &str) -> Vec<u8> {
    percent(text, false, false)
}

fn percent_lower(text: &str) -> Vec<u8> {
    percent(text, false, true)
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use super::*;

    #[test]
    fn pseudonyms_are_as_long_in_every_form_and_are_no_secrets() {
        let mut dice = Dice::new(1);
        for secret in ["hunter2-x", "пароль-9", "a b&c\"d/e", "!!!!", "密码密码", "0441234567", &"k7".repeat(100)]
        {
            let shown = pseudonym(secret, &mut dice);
            assert_eq!(secret.len(), shown.len());
            assert_ne!(secret, shown);
            let forms = forms(secret, &shown);
            assert!(!forms.is_empty(), "{secret}");
            assert!(forms.iter().all(|(real, shown)| real.len() == shown.len()));
        }
    }

    #[test]
    fn base64_is_found_wherever_it_begins() {
        let forms = forms("hunter2hunter2", "abcdef3abcdef4");
        for before in ["", "u", "us", "user:", "alice:"] {
            let text = STANDARD_NO_PAD.encode(format!("{before}hunter2hunter2"));
            let found = forms.iter().any(|(real, _)| text.as_bytes().windows(real.len()).any(|w| w == real));
            assert!(found, "{text}");
        }
    }
}
