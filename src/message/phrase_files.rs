//! What is said of files.

use super::{Language, Phrase};
use std::fmt::{Formatter, Result};

pub(super) fn write(phrase: &Phrase, language: Language, f: &mut Formatter<'_>) -> Result {
    match language {
        Language::English => in_english(phrase, f),
        Language::Russian => in_russian(phrase, f),
    }
}

fn in_english(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::UploadOpened { size } => write!(f, "Send the file with put, {size} bytes in all"),
        P::PieceTaken { next, size } => write!(f, "{next} of {size} bytes are here"),
        P::FileWhole { size } => write!(f, "The file is here already: {size} bytes"),
        P::FileDelivered { from, to } => write!(f, "File from {from} to {to} is delivered"),
        P::FileWaits { from, to } => write!(f, "File from {from} waits until {to} is back"),
        P::PieceGiven { offset, size } => write!(f, "From byte {offset} of {size}"),
        P::FileTooLarge { limit, got } => {
            write!(f, "The file has {got} bytes, at most {limit} are allowed")
        }
        P::BadFileName { field } => write!(
            f,
            "The field {field} is no file's name: it has no characters behind the last / or \\, \
             only dots, or one that controls a terminal"
        ),
        P::QuotaExceeded { limit, used, is_own: true } => {
            write!(f, "Your files have {used} bytes already, at most {limit} are allowed")
        }
        P::QuotaExceeded { limit, used, is_own: false } => {
            write!(f, "The server's files have {used} bytes already, at most {limit} are allowed")
        }
        P::WrongOffset { next } => write!(f, "The offset is wrong: go on at {next}"),
        P::BadBase64 => f.write_str("The field data is no base64"),
        P::LongerThanClaimed { size } => {
            write!(f, "The piece goes beyond the file's size, which is {size} bytes")
        }
        P::BadFileId { field } => write!(
            f,
            "{field} is no file's id: send it as you received it, 16 digits of 0-9 and a-f"
        ),
        P::NoFilesHere => f.write_str("Files are not handed on here"),
        P::GuestGetsNoFiles { user } => {
            write!(f, "{user} is a guest: files go to users, to chats and to all")
        }
        P::FilesBusy { seconds } => {
            write!(f, "Too much of files waits for the disk: try again in {seconds} s")
        }
        P::NoSuchUpload => {
            f.write_str("There is no such upload of yours, or no more: begin again with upload")
        }
        _ => f.write_str("There is no such file"),
    }
}

fn in_russian(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::UploadOpened { size } => {
            write!(f, "Отправьте файл действием put, всего байтов: {size}")
        }
        P::PieceTaken { next, size } => write!(f, "Получено байтов: {next} из {size}"),
        P::FileWhole { size } => write!(f, "Файл уже получен, байтов: {size}"),
        P::FileDelivered { from, to } => write!(f, "Файл от {from} к {to} доставлен"),
        P::FileWaits { from, to } => {
            write!(f, "Файл от {from} будет доставлен, когда {to} вернется")
        }
        P::PieceGiven { offset, size } => write!(f, "С байта {offset} из {size}"),
        P::FileTooLarge { limit, got } => {
            write!(f, "В файле байтов: {got}, допустимо не более {limit}")
        }
        P::BadFileName { field } => write!(
            f,
            "В поле {field} не имя файла: за последним / или \\ нет знаков, одни точки или есть \
             управляющий знак"
        ),
        P::QuotaExceeded { limit, used, is_own: true } => {
            write!(f, "В ваших файлах уже байтов: {used}, допустимо не более {limit}")
        }
        P::QuotaExceeded { limit, used, is_own: false } => {
            write!(f, "В файлах сервера уже байтов: {used}, допустимо не более {limit}")
        }
        P::WrongOffset { next } => write!(f, "Не то смещение: продолжайте с {next}"),
        P::BadBase64 => f.write_str("В поле data не base64"),
        P::LongerThanClaimed { size } => {
            write!(f, "Часть выходит за размер файла, а он {size} байтов")
        }
        P::BadFileId { field } => write!(
            f,
            "В поле {field} не id файла: отправьте его таким, как получили, 16 знаков 0-9 и a-f"
        ),
        P::NoFilesHere => f.write_str("Файлы здесь не передаются"),
        P::GuestGetsNoFiles { user } => {
            write!(f, "{user} гость: файлы отправляют пользователям, в чаты и всем")
        }
        P::FilesBusy { seconds } => {
            write!(f, "Слишком много файлов ждет записи: повторите через {seconds} с")
        }
        P::NoSuchUpload => {
            f.write_str("Такой загрузки у вас нет или больше нет: начните снова с upload")
        }
        _ => f.write_str("Такого файла нет"),
    }
}
