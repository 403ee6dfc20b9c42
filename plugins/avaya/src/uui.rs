//! User-to-user information: a few bytes that travel with a call.

use std::collections::BTreeMap;

/// What a client attaches becomes bytes: the value of `uui` as it is, else `name=value` pairs with `;` between them.
pub(crate) fn bytes(data: &BTreeMap<String, String>) -> Vec<u8> {
    if let (Some(whole), 1) = (data.get("uui"), data.len()) {
        return whole.clone().into_bytes();
    }
    let pairs: Vec<String> = data.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(";").into_bytes()
}

/// What came with a call becomes data: all of it as `uui`, and pairs, where it is made of them.
pub(crate) fn data(bytes: &[u8]) -> BTreeMap<String, String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => text.to_owned(),
        _ => return [("uui".to_owned(), jackfield_csta::types::hex(bytes))].into(),
    };
    let pairs: Option<BTreeMap<String, String>> = text
        .split(';')
        .map(|pair| pair.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned())))
        .collect();
    let mut all = pairs.filter(|pairs| pairs.keys().all(|name| !name.is_empty())).unwrap_or_default();
    all.insert("uui".to_owned(), text);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn data_goes_there_and_back() {
        assert_eq!(bytes(&map(&[("uui", "caseA")])), b"caseA");
        let pairs = map(&[("order", "17"), ("lang", "uk")]);
        assert_eq!(bytes(&pairs), b"lang=uk;order=17");
        assert_eq!(data(b"lang=uk;order=17"), map(&[("lang", "uk"), ("order", "17"), ("uui", "lang=uk;order=17")]));
        assert_eq!(data(b"caseA"), map(&[("uui", "caseA")]));
        assert_eq!(data(&[4, 0xc8, 0]), map(&[("uui", "04C800")]));
    }
}
