//! Whoever holds a handset, inside or outside.

use serde_json::json;

use crate::bed::Bed;
use crate::chance::Chance;
use crate::systems::{KINDS, OUTSIDE};

impl Bed {
    /// Somebody somewhere does something. What is not possible just now is refused by the phone system, as in life.
    pub(crate) fn move_a_phone(&mut self, chance: &mut Chance) {
        let at = chance.below(KINDS.len());
        let kind = &KINDS[at];
        let who = if chance.once_in(3) { chance.of(&OUTSIDE) } else { chance.of(&kind.numbers) };
        let deed = if chance.once_in(4) {
            let to = if chance.once_in(4) { chance.of(&OUTSIDE) } else { chance.of(&kind.numbers) };
            match chance.of(kind.with) {
                "call" => json!({"do": "call", "from": who, "to": to}),
                deed => json!({"do": deed, "number": who, "to": to}),
            }
        } else {
            json!({"do": chance.of(kind.alone), "number": who})
        };
        // Refused, or done: the judgement asks for neither.
        let _ = self.sims[at].tell(&deed);
    }
}
