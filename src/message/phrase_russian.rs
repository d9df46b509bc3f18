//! The Russian texts. Those of seed 000 are its own, to the letter.

use super::phrase::{Deed, Listed, RoomState};
use super::{JsonFault, Junk, Language, Name, NameFault, Phrase, phrase_wires};
use std::fmt::{Formatter, Result};

pub(super) fn write(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::NotAuthenticated { user } => {
            write!(f, "Пользователь {} не авторизован", who(user.as_ref()))
        }
        P::NotPresent { user } => write!(
            f,
            "Пользователь {} не авторизован: сначала отправьте presence или authenticate",
            who(user.as_ref())
        ),
        P::GuestsMayNot => {
            f.write_str("Гостям это здесь не разрешено: войдите с именем и паролем (authenticate)")
        }
        P::NameOfAccount { user, account } if user == account => {
            write!(f, "Имя {user} занято учетной записью: войдите с паролем или возьмите другое")
        }
        P::NameOfAccount { user, account } => {
            write!(f, "Имя {user} слишком похоже на имя пользователя {account}: возьмите другое")
        }
        P::WrongLogin { user } => {
            write!(f, "Пользователь {user} не существует или введен неправильный пароль")
        }
        P::Blocked { user } => write!(f, "Пользователь {user} заблокирован"),
        P::NotAMember { user, room } => {
            write!(f, "Пользователь {} не состоит в чате {room}", who(user.as_ref()))
        }
        P::NotYou { field, claimed, user } => {
            write!(f, "В поле {field} стоит {claimed}, а это соединение пользователя {user}")
        }
        P::AlreadyOther { user, other } if user == other => {
            write!(f, "Это уже соединение пользователя {user}")
        }
        P::AlreadyOther { user, other } => {
            write!(f, "Это уже соединение пользователя {user}: для {other} откройте новое")
        }
        P::RegistrationClosed => {
            f.write_str("Регистрация здесь закрыта: попросите учетную запись у оператора")
        }
        P::BadInvite => {
            f.write_str("Нужно приглашение: верное, не использованное и не просроченное")
        }
        P::NoSuchRoom { room } => write!(f, "Чата {room} не существует"),
        P::NoSuchUser { user } => write!(f, "Пользователя {user} не существует"),
        P::NameTaken { user, account } if user == account => {
            write!(f, "Имя {user} занято: возьмите другое")
        }
        P::NameTaken { user, account } => write!(
            f,
            "Имя {user} слишком похоже на имя пользователя {account}, имена не могут различаться \
             только регистром или похожими буквами: возьмите другое"
        ),
        P::ConnectedElsewhere { user } => {
            write!(f, "Пользователь {user} уже подключен с другого места")
        }
        P::Offline { user } => write!(f, "Пользователь {user} не в сети"),
        _ => write_not_served(phrase, f),
    }
}

/// The texts for those who are not served, or not now.
fn write_not_served(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::NotEncrypted => f.write_str(
            "Здесь обслуживаются только шифрованные соединения: нужен TLS (jim-client --tls)",
        ),
        P::AddressBanned => f.write_str("Соединения с вашего адреса здесь запрещены"),
        P::Busy { seconds } => {
            write!(f, "Слишком много входов в очереди: повторите через {seconds} с")
        }
        P::TooManyConnections { limit } => {
            write!(f, "Слишком много соединений (предел {limit}): повторите позже")
        }
        P::TooManyLogins { seconds } => {
            write!(f, "Слишком много неудачных входов с вашего адреса: повторите через {seconds} с")
        }
        P::TooOften { seconds } => write!(f, "Слишком часто: повторите через {seconds} с"),
        P::ServerFailed => f.write_str("Сбой сервера: ничего не сохранено и не доставлено"),
        _ => write_room_refusal(phrase, f),
    }
}

/// The texts of 400 to 410 that rooms, contacts and the history have.
fn write_room_refusal(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::Reserved { field } => {
            write!(f, "Поле {field} к сообщению добавляет только сервер: уберите его")
        }
        P::BadMessageId { field } => write!(
            f,
            "В поле {field} не msg_id: отправьте его таким, как получили, 16 знаков 0-9 и a-f"
        ),
        P::NeedsRole { user, room, is_owner: true } => {
            write!(f, "Пользователь {user} не владелец чата {room}")
        }
        P::NeedsRole { user, room, is_owner: false } => {
            write!(f, "Пользователь {user} не оператор чата {room}")
        }
        P::IsOwner { target, room } => write!(f, "Пользователь {target} владелец чата {room}"),
        P::Banned { user, room } => write!(f, "Пользователю {user} закрыт вход в чат {room}"),
        P::NotInvited { user, room } => write!(
            f,
            "Чат {room} скрытый, а пользователь {user} не приглашен: попросите участника чата"
        ),
        P::TooManyRooms { limit } => {
            write!(f, "Вы состоите в {limit} чатах, больше нельзя: сначала покиньте один")
        }
        P::TooManyContacts { limit } => {
            write!(f, "У вас {limit} контактов, больше нельзя: сначала удалите один")
        }
        P::NoSuchMember { target, room } => {
            write!(f, "Пользователь {target} не состоит в чате {room}")
        }
        P::NoSuchContact { user } => write!(f, "Пользователя {user} нет в ваших контактах"),
        P::OfflineFull { user, limit } => write!(
            f,
            "Пользователь {user} не в сети, и его уже ждет {limit} сообщений: повторите, когда он \
             вернется"
        ),
        _ => write_done(phrase, f),
    }
}

/// The texts of 2xx.
fn write_done(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::Authenticated { user } => write!(f, "Пользователь {user} аутентифицирован"),
        P::AlreadyAuthenticated { user } => write!(f, "Пользователь {user} уже аутентифицирован"),
        P::Registered { user } => write!(f, "Пользователь {user} зарегистрирован"),
        P::PasswordChanged { user } => write!(f, "Пароль пользователя {user} изменен"),
        P::Present { user } => write!(f, "Пользователь {} на связи", who(user.as_ref())),
        P::Joined { user, room } => write!(f, "Пользователь {user} присоединился к чату {room}"),
        P::Left { user, room } => write!(f, "Пользователь {user} покинул чат {room}"),
        P::Delivered { from, to } => write!(f, "Сообщение от {from} к {to} доставлено"),
        P::Goodbye => f.write_str("Успешно отключен"),
        _ => write_done_in_room(phrase, f),
    }
}

/// The texts of 2xx that the added actions have.
fn write_done_in_room(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::Waits { from, to } => {
            write!(f, "Сообщение от {from} будет доставлено, когда {to} вернется")
        }
        P::Listed { what, count } => write!(f, "{}: {count}", listed(*what)),
        P::TopicOf { room } => write!(f, "Тема чата {room}"),
        P::RoomIs { room, state } => write!(f, "Чат {room} {}", room_state(*state)),
        P::Did { deed, target, room } => write_deed(*deed, target, room, f),
        P::ContactAdded { user } => write!(f, "Пользователь {user} в ваших контактах"),
        P::ContactRemoved { user } => write!(f, "Пользователь {user} удален из ваших контактов"),
        P::Acknowledged => f.write_str("Получение подтверждено"),
        _ => write_bad(phrase, f),
    }
}

const fn listed(what: Listed) -> &'static str {
    match what {
        Listed::Users => "Пользователей",
        Listed::Rooms => "Чатов",
        Listed::Members => "Участников",
        Listed::Contacts => "Контактов",
        Listed::Messages => "Сообщений",
    }
}

const fn room_state(state: RoomState) -> &'static str {
    match state {
        RoomState::Hidden => "скрыт: войти можно только по приглашению",
        RoomState::Shown => "открыт для всех",
        RoomState::Destroyed => "и его сообщения удалены",
    }
}

fn write_deed(deed: Deed, target: &Name, room: &Name, f: &mut Formatter<'_>) -> Result {
    match deed {
        Deed::Invited => write!(f, "Пользователь {target} может войти в чат {room}"),
        Deed::Kicked => write!(f, "Пользователь {target} исключен из чата {room}"),
        Deed::Banned => write!(f, "Пользователю {target} закрыт вход в чат {room}"),
        Deed::Unbanned => write!(f, "Пользователю {target} открыт вход в чат {room}"),
        Deed::Opped => write!(f, "Пользователь {target} теперь оператор чата {room}"),
        Deed::Deopped => write!(f, "Пользователь {target} больше не оператор чата {room}"),
    }
}

/// The texts of 400.
fn write_bad(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::NotAnObject { junk } => write!(
            f,
            "{}; нужен объект JSON: {{\"action\":\"presence\",\"time\":0}}",
            junk_text(*junk)
        ),
        P::BadJson { fault, at } => {
            f.write_str("Это не JSON: ")?;
            write_json_fault(*fault, f)?;
            write!(f, " (байт {at})")
        }
        P::ObjectTooLong { limit, got } => {
            write!(f, "В объекте символов: {got}, допустимо не более {limit}")
        }
        P::ObjectTooBig { limit, got } => {
            write!(f, "В объекте байтов: {got}, допустимо не более {limit} символов")
        }
        P::NeverCloses { limit } => {
            write!(f, "Объект не закрыт после {limit} байтов: не пропущены ли }} или \"?")
        }
        P::CutShort => f.write_str("Ввод закончился посреди объекта: не пропущена ли }?"),
        P::MissingField { field } => write!(f, "Нет поля {field}"),
        P::WrongType { field, expected } => {
            write!(f, "В поле {field} должно быть: {}", expected_text(expected))
        }
        P::FieldTooLong { field, limit, got } => {
            write!(f, "В поле {field} символов: {got}, допустимо не более {limit}")
        }
        P::TimeNotFinite => {
            f.write_str("В поле time должно быть конечное число секунд с 1970 года")
        }
        P::UnknownAction { action, odd: None } => write!(f, "Действия {action} нет"),
        P::UnknownAction { action, odd: Some((letter, meant)) } => write!(
            f,
            "Действия {action} нет: буква {letter} (U+{:04X}) не латинская, \
             возможно, имелось в виду {meant}?",
            u32::from(*letter)
        ),
        P::ServerOnly { field } => {
            write!(f, "Поле {field} бывает только в ответах сервера: уберите его")
        }
        P::ProbeFromClient => f.write_str("probe посылает только сервер; клиент посылает presence"),
        P::Disagree { field, other } => {
            write!(f, "Поля {field} и {other} значат одно, но различаются: оставьте одно")
        }
        P::BadName { field, fault } => {
            write!(f, "Поле {field}: ")?;
            write_name_fault(*fault, f)
        }
        P::BadPassword { field } => write!(
            f,
            "В поле {field} символы, которые нельзя надежно набрать (например, управляющие)"
        ),
        P::NoRoomGiven => f.write_str("Не указан чат для присоединения"),
        P::NoSenderOrAddressee => f.write_str("Отправитель или адресат не определены"),
        P::NotARoom { room } => {
            write!(f, "{room} не название чата: оно начинается с # и за ним стоит имя")
        }
        P::CommonChat { room } => {
            write!(f, "{room} - общий чат: в нем все, кто отправил presence, до quit")
        }
        _ => phrase_wires::write(phrase, Language::Russian, f),
    }
}

/// A name, or what stands for one that nobody gave.
fn who(user: Option<&Name>) -> &str {
    user.map_or("(без имени)", Name::as_str)
}

const fn junk_text(junk: Junk) -> &'static str {
    match junk {
        Junk::Pickle => "Это Python pickle (возьмите json.dumps)",
        Junk::Array => "Это массив JSON",
        Junk::Text => "Это строка JSON",
        Junk::Number => "Это число",
        Junk::Word => "Это простой текст",
        Junk::Bytes => "Эти байты не JSON",
    }
}

pub(super) fn write_json_fault(fault: JsonFault, f: &mut Formatter<'_>) -> Result {
    match fault {
        JsonFault::NotUtf8 => f.write_str("байты не в кодировке UTF-8"),
        JsonFault::ControlCharacter => {
            f.write_str("управляющий символ внутри строки, пишите его как \\n или \\u000a")
        }
        JsonFault::LoneSurrogate => f.write_str("половина суррогатной пары"),
        JsonFault::BadEscape => f.write_str("неизвестный символ после \\"),
        JsonFault::DuplicateKey => f.write_str("такой ключ уже есть"),
        JsonFault::TooDeep { limit } => write!(f, "вложенность больше {limit}"),
        JsonFault::TooManyMembers { limit } => write!(f, "больше {limit} полей"),
        JsonFault::Expected(what) => f.write_str(expected_json(what)),
    }
}

/// What the JSON reader expected, in Russian.
fn expected_json(what: &'static str) -> &'static str {
    match what {
        "a value" => "ожидалось значение",
        "a key in double quotes" => "ожидался ключ в двойных кавычках",
        "a : behind the key" => "ожидалось двоеточие после ключа",
        "a , or a }" => "ожидалась запятая или }",
        "a , or a ]" => "ожидалась запятая или ]",
        "a number" => "ожидалось число",
        "a finite number" => "ожидалось конечное число",
        "true, false or null" => "ожидалось true, false или null",
        "an object in { }" => "ожидался объект в { }",
        "a text in double quotes, a list or an object" => {
            "ожидались текст в двойных кавычках, список или объект"
        }
        "the text's closing quote" => "ожидалась закрывающая кавычка",
        "the frame's end" => "ожидался конец кадра",
        "the end of the string" => "ожидался конец строки",
        other => other,
    }
}

/// What a field should have been, in Russian.
fn expected_text(expected: &'static str) -> &'static str {
    match expected {
        "a text" => "текст",
        "a text or null" => "текст или null",
        "a number" => "число",
        "an object" => "объект",
        "a list of texts" => "список текстов",
        "a text or an integer" => "текст или целое число",
        "a whole number, at least 1" => "целое число от 1",
        "a whole number, at least 0" => "целое число от 0",
        other => other,
    }
}

fn write_name_fault(fault: NameFault, f: &mut Formatter<'_>) -> Result {
    match fault {
        NameFault::Empty => f.write_str("имя пустое"),
        NameFault::TooLong { limit, got } => {
            write!(f, "символов: {got}, допустимо не более {limit}")
        }
        NameFault::Hidden(c) => {
            write!(f, "управляющий или невидимый символ U+{:04X} в имени недопустим", u32::from(c))
        }
        NameFault::Backslash => f.write_str("символ \\ в имени недопустим"),
        NameFault::EdgeSpace => f.write_str("имя начинается или кончается пробелом"),
        NameFault::Hash => f.write_str("с # начинаются только названия чатов"),
        NameFault::NoHash => f.write_str("название чата начинается с #, и за ним стоит имя"),
        NameFault::Marks => {
            f.write_str("имя начинается с надстрочного знака или их больше двух подряд")
        }
        NameFault::Reserved => f.write_str("это имя занято сервером, возьмите другое"),
        NameFault::Directions => {
            f.write_str("в имени смешаны буквы, которые пишут слева направо и справа налево")
        }
        NameFault::NotAName => f.write_str("в имени есть недопустимые символы"),
    }
}
