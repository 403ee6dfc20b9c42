//! The two hashes of a login.

use md5::{Digest, Md5};

/// Lower-case hex MD5 of the password in Windows-1251: the field `Password`.
pub fn hash(password: &str) -> String {
    let bytes: Vec<u8> = password.chars().filter_map(windows_1251).collect();
    Md5::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same of the lower-cased password: the field `password`.
pub fn lower_hash(password: &str) -> String {
    hash(&password.to_lowercase())
}

/// ASCII and the Cyrillic letters that clients send; what else there is in a password, clients leave out.
fn windows_1251(letter: char) -> Option<u8> {
    match letter {
        '\0'..='\x7f' => u8::try_from(u32::from(letter)).ok(),
        'А'..='я' => u8::try_from(u32::from(letter) - 0x410 + 0xc0).ok(),
        'Ё' => Some(0xa8),
        'ё' => Some(0xb8),
        'Є' => Some(0xaa),
        'є' => Some(0xba),
        'Ї' => Some(0xaf),
        'ї' => Some(0xbf),
        'І' => Some(0xb2),
        'і' => Some(0xb3),
        'Ґ' => Some(0xa5),
        'ґ' => Some(0xb4),
        'Ў' => Some(0xa1),
        'ў' => Some(0xa2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_hashes_are_those_that_a_client_sends() {
        assert_eq!(hash("Secret1"), "d6cb2342e44efb6dd628276f36da2359");
        assert_eq!(lower_hash("Secret1"), "e52d98c459819a11775936d8dfbb7929");
        assert_eq!(hash("Пароль1Ё"), "407644c88ddfc815a2b2e651f89be5d0");
        assert_eq!(lower_hash("Пароль1Ё"), "c032457be2969557a89e8acb8a8250d0");
    }
}
