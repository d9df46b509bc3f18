//! The response codes (seed 001, and 429, which is added).

/// The three digits of a `response`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// 200: done.
    Ok,
    /// 201: an account was registered.
    Created,
    /// 202: authenticated, or accepted for later delivery.
    Accepted,
    /// 400: a bad request.
    BadRequest,
    /// 401: this needs authentication.
    Unauthorized,
    /// 402: wrong login or password.
    WrongLogin,
    /// 403: not allowed, not a member, or blocked.
    Forbidden,
    /// 404: no such user or room.
    NotFound,
    /// 409: connected elsewhere, or the name is taken.
    Conflict,
    /// 410: the addressee exists but is offline.
    Gone,
    /// 429: too many requests; the text says how long to wait.
    TooMany,
    /// 500: the server failed; nothing was stored or delivered.
    ServerError,
}

impl Code {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Ok => 200,
            Self::Created => 201,
            Self::Accepted => 202,
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::WrongLogin => 402,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Gone => 410,
            Self::TooMany => 429,
            Self::ServerError => 500,
        }
    }

    /// Whether the text goes under `error` (4xx, 5xx) and not under `alert`.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.number() >= 400
    }
}
