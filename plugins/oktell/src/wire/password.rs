//! Passwords as they travel: the MD5 of their bytes in Windows-1251, of the password and of its lower-case form.

use jackfield_plugin_api::Secret;
use md5::{Digest, Md5};

/// What makes a login. As good as the password itself, therefore never shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// Of the password as it is: the field `Password`.
    pub(crate) exact: Secret,
    /// Of the password in lower case: the field `password`.
    pub(crate) lower: Secret,
}

impl Credentials {
    /// Until the settings come.
    pub(crate) fn unknown() -> Self {
        Self { exact: Secret::new(""), lower: Secret::new("") }
    }

    pub(crate) fn new(password: &str) -> Self {
        Self { exact: Secret::new(digest(password)), lower: Secret::new(digest(&password.to_lowercase())) }
    }
}

fn digest(password: &str) -> String {
    let bytes: Vec<u8> = password.chars().filter_map(windows_1251).collect();
    md5_hex(&bytes)
}

/// The MD5 as 32 lower-case hexadecimal digits.
pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A character in Windows-1251. Other letters than Latin and Cyrillic are left out, as the vendor's client does.
fn windows_1251(c: char) -> Option<u8> {
    /// The Cyrillic letters below the alphabet, with their places.
    const OTHERS: [(char, u8); 30] = [
        ('Ђ', 0x80),
        ('Ѓ', 0x81),
        ('ѓ', 0x83),
        ('Љ', 0x8a),
        ('Њ', 0x8c),
        ('Ќ', 0x8d),
        ('Ћ', 0x8e),
        ('Џ', 0x8f),
        ('ђ', 0x90),
        ('љ', 0x9a),
        ('њ', 0x9c),
        ('ќ', 0x9d),
        ('ћ', 0x9e),
        ('џ', 0x9f),
        ('Ў', 0xa1),
        ('ў', 0xa2),
        ('Ј', 0xa3),
        ('Ґ', 0xa5),
        ('Ё', 0xa8),
        ('Є', 0xaa),
        ('Ї', 0xaf),
        ('І', 0xb2),
        ('і', 0xb3),
        ('ґ', 0xb4),
        ('ё', 0xb8),
        ('є', 0xba),
        ('ј', 0xbc),
        ('Ѕ', 0xbd),
        ('ѕ', 0xbe),
        ('ї', 0xbf),
    ];
    match c {
        '\0'..='\x7f' => u8::try_from(c).ok(),
        'А'..='я' => u8::try_from(u32::from(c) - u32::from('А') + 0xc0).ok(),
        _ => OTHERS.iter().find(|(letter, _)| *letter == c).map(|(_, place)| *place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hashed_as_the_vendors_client_does() {
        for (password, exact, lower) in [
            ("Secret1", "d6cb2342e44efb6dd628276f36da2359", "e52d98c459819a11775936d8dfbb7929"),
            ("Пароль1Ё", "407644c88ddfc815a2b2e651f89be5d0", "c032457be2969557a89e8acb8a8250d0"),
        ] {
            let credentials = Credentials::new(password);
            assert_eq!((credentials.exact.reveal(), credentials.lower.reveal()), (exact, lower), "{password}");
        }
    }

    #[test]
    fn other_letters_are_left_out_and_nothing_is_shown() {
        assert_eq!(Credentials::new("a漢字b"), Credentials::new("ab"));
        let shown = format!("{:?}", Credentials::new("Secret1"));
        assert!(!shown.contains("d6cb"), "{shown}");
    }
}
