//! What can be asked, and by whom.
