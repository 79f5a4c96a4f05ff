using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>
/// Parses a command line as both <c>sh</c> and <c>bash</c> would. Syntax that they parse differently, whose meaning depends on the execution, or that changes
/// the shell itself is unsupported: the line then requires approval. Never throws.
/// </summary>
internal static class ShellGrammar
{
    public const int MaxLineLength = 10_000;
    private const int MaxCommands = 100;
    private const int MaxDepth = 20;

    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "if",
        "then",
        "elif",
        "else",
        "fi",
        "for",
        "while",
        "until",
        "do",
        "done",
        "case",
        "esac",
        "select",
        "function",
        "time",
        "coproc",
        "[[",
        "]]",
        "{",
        "}",
        "!",
    };

    /// <param name="userHome">The expansion of <c>~</c>.</param>
    public static ShellParseResult Parse(string line, string userHome)
    {
        var parser = new Parser(line, userHome);
        UnsupportedSyntax? obstacle = null;
        try
        {
            parser.Program();
        }
        catch (UnsupportedSyntaxException found)
        {
            obstacle = new UnsupportedSyntax(found.Message, found.At);
        }

        return new ShellParseResult(parser.Commands, obstacle is null ? parser.Canonical : null, obstacle);
    }

    private sealed class UnsupportedSyntaxException(string what, int at) : Exception(what)
    {
        public int At { get; } = at;
    }

    private sealed record Word(string Text, bool IsQuoted);

    private sealed record Heredoc(string End, bool IsLiteral, bool IsIndented, int At);

    private sealed class Parser(string text, string userHome)
    {
        private readonly StringBuilder canonical = new();
        private readonly Queue<Heredoc> heredocs = new();
        private bool hadHeredoc;
        private int at;
        private int depth;

        // Null if the working directory depends on the outcome of a command.
        private IReadOnlyList<string>? directoryChanges = [];

        public List<ShellCommand> Commands { get; } = [];

        public string? Canonical => hadHeredoc ? null : canonical.ToString();

        public void Program()
        {
            CheckLetters();
            List(closer: '\0');
            if (heredocs.TryPeek(out var open))
            {
                throw Fail("the here-document has no end delimiter", open.At);
            }
            if (Commands.Count == 0)
            {
                throw Fail("there is no command");
            }
        }

        private void CheckLetters()
        {
            if (text.Length > MaxLineLength)
            {
                throw Fail($"it is longer than {MaxLineLength} characters", MaxLineLength);
            }

            for (var i = 0; i < text.Length; i++)
            {
                var letter = text[i];
                if (letter is not ('\n' or '\t') && char.IsControl(letter))
                {
                    throw Fail("it has a control character", i);
                }
                if (letter > '~' && char.IsWhiteSpace(letter))
                {
                    throw Fail("it has a nonstandard space character", i);
                }
                if (char.IsSurrogate(letter) && !(char.IsHighSurrogate(letter) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])))
                {
                    throw Fail("it has a lone surrogate", i);
                }
                if (char.IsHighSurrogate(letter))
                {
                    i++;
                }
            }

            if (HiddenCharacters.Count(text) > 0)
            {
                throw Fail("it has invisible characters", 0);
            }
        }

        /// <param name="closer">The closing token, <c>\0</c> for the end of the line.</param>
        private void List(char closer)
        {
            if (++depth > MaxDepth)
            {
                throw Fail("it is nested too deeply");
            }

            var link = ShellOperator.First;
            for (var isFirst = true; ; isFirst = false)
            {
                SkipBlank(overLines: true);
                if (IsAtEnd(closer))
                {
                    if (isFirst && closer != '\0')
                    {
                        throw Fail("a command is missing");
                    }
                    break;
                }

                if (!isFirst)
                {
                    Emit(";");
                }
                var isEnded = AndOr(link);
                link = ShellOperator.Then;
                SkipBlank(overLines: false);
                if (isEnded)
                {
                    continue;
                }
                if (Peek() == ';' && Peek(1) != ';')
                {
                    at++;
                }
                else if (Peek() != '\n' && !IsAtEnd(closer))
                {
                    throw Fail("this token is not allowed here");
                }
            }

            depth--;
        }

        private bool IsAtEnd(char closer)
        {
            if (at < text.Length)
            {
                return Peek() == closer && (closer == ')' || (closer == '}' && IsDelimiter(Peek(1))));
            }

            return closer == '\0' ? true : throw Fail($"a {closer} is missing");
        }

        /// <returns>True if it ended with <c>&amp;</c>.</returns>
        private bool AndOr(ShellOperator link)
        {
            var start = directoryChanges;
            var (isConditional, hadOr) = (false, false);
            Pipeline(link);
            for (; ; )
            {
                SkipBlank(overLines: false);
                var isAnd = Peek() == '&' && Peek(1) == '&';
                if (!isAnd && !(Peek() == '|' && Peek(1) == '|'))
                {
                    break;
                }

                Emit(isAnd ? "&&" : "||");
                at += 2;
                hadOr |= !isAnd;
                // Commands after || may run in either folder.
                if (hadOr && !ReferenceEquals(start, directoryChanges))
                {
                    directoryChanges = null;
                }
                SkipBlank(overLines: true);
                var before = directoryChanges;
                Pipeline(isAnd ? ShellOperator.And : ShellOperator.Or);
                if (ReferenceEquals(before, directoryChanges))
                {
                    continue;
                }

                isConditional = true;
                if (hadOr)
                {
                    directoryChanges = null;
                }
            }

            if (Peek() == '&')
            {
                if (Peek(1) == '>')
                {
                    throw Fail("shells interpret &> differently");
                }

                Emit("&");
                at++;
                directoryChanges = start;
                return true;
            }

            if (isConditional)
            {
                directoryChanges = null;
            }
            return false;
        }

        private void Pipeline(ShellOperator link)
        {
            var start = directoryChanges;
            var isNegated = false;
            while (Peek() == '!' && IsDelimiter(Peek(1)) && Peek(1) != '(')
            {
                Emit("!");
                at++;
                isNegated = true;
                SkipBlank(overLines: false);
            }

            Command(link);
            SkipBlank(overLines: false);
            while (Peek() == '|' && Peek(1) != '|')
            {
                if (Peek(1) == '&')
                {
                    throw Fail("shells interpret |& differently");
                }

                Emit("|");
                at++;
                // Each side of a pipe runs in its own subshell.
                directoryChanges = start;
                SkipBlank(overLines: true);
                Command(ShellOperator.Pipe);
                directoryChanges = start;
                SkipBlank(overLines: false);
            }

            if (isNegated && !ReferenceEquals(start, directoryChanges))
            {
                directoryChanges = null;
            }
        }

        private void Command(ShellOperator link)
        {
            if (Peek() == '(')
            {
                if (Peek(1) == '(')
                {
                    throw Fail("it uses arithmetic with (( ))");
                }

                var outside = directoryChanges;
                Nested('(', ')');
                directoryChanges = outside;
                After(link);
            }
            else if (Peek() == '{' && IsBlank(Peek(1)))
            {
                Nested('{', '}');
                After(link);
            }
            else
            {
                Simple(link);
            }
        }

        private void Nested(char opener, char closer)
        {
            Emit(opener.ToString());
            at++;
            List(closer);
            at++;
            Emit(closer.ToString());
        }

        /// <summary>Parses the redirects of a group.</summary>
        private void After(ShellOperator link)
        {
            var redirects = new List<ShellRedirect>();
            for (; ; )
            {
                SkipBlank(overLines: false);
                if (!TryRedirect(redirects))
                {
                    break;
                }
            }

            if (!IsDelimiter(Peek()))
            {
                throw Fail("this token is not allowed here");
            }
            if (redirects.Count > 0)
            {
                Add(new ShellCommand([], redirects, directoryChanges, link));
            }
        }

        private void Simple(ShellOperator link)
        {
            var began = at;
            var (words, redirects) = (new List<string>(), new List<ShellRedirect>());
            for (; ; )
            {
                SkipBlank(overLines: false);
                if (Peek() == '(')
                {
                    throw Fail(words.Count > 0 ? "it defines a function or has a pattern with ( )" : "this token is not allowed here");
                }
                if (at >= text.Length || Peek() is '\n' or ';' or '&' or '|' or ')')
                {
                    break;
                }
                if (TryRedirect(redirects))
                {
                    continue;
                }

                var start = at;
                var word = ReadWord();
                if (words.Count == 0)
                {
                    CheckProgram(word, start);
                }
                words.Add(word.Text);
                Emit(ShellCommand.Quote(word.Text));
            }

            if (words.Count == 0 && redirects.Count == 0 && at == began)
            {
                throw Fail("a command is missing");
            }
            Add(new ShellCommand(words, redirects, directoryChanges, link));
            if (words is not ["cd", ..])
            {
                return;
            }

            directoryChanges =
                words is [_, var folder] && folder.Length > 0 && folder[0] != '-' && directoryChanges is not null
                    ? [.. directoryChanges, folder]
                    : null;
        }

        private static void CheckProgram(Word word, int start)
        {
            if (!word.IsQuoted && Reserved.Contains(word.Text))
            {
                throw Fail($"it uses the shell keyword {word.Text}", start);
            }
            if (word.Text.Length == 0)
            {
                throw Fail("its program name is empty", start);
            }
            if (word.Text.Contains('=', StringComparison.Ordinal))
            {
                throw Fail("it sets a variable", start);
            }
        }

        private void Add(ShellCommand command)
        {
            if (Commands.Count >= MaxCommands)
            {
                throw Fail($"it has more than {MaxCommands} commands");
            }
            Commands.Add(command);
        }

        private bool TryRedirect(List<ShellRedirect> redirects)
        {
            var start = at;
            while (char.IsAsciiDigit(Peek()))
            {
                at++;
            }

            if (Peek() is not ('<' or '>'))
            {
                at = start;
                return false;
            }

            if (at - start > 1)
            {
                throw Fail("shells interpret a descriptor above 9 differently", start);
            }

            var descriptor = text[start..at];
            var (first, second) = (Peek(), Peek(1));
            if (second == '(')
            {
                throw Fail("it uses process substitution with <( ) or >( )", start);
            }

            if (first == '<' && second == '<')
            {
                Heredocument(start);
                return true;
            }

            var operation = (first, second) switch
            {
                ('>', '>') => ">>",
                ('>', '|') => ">|",
                ('<', '>') => "<>",
                ('<', '&') => "<&",
                ('>', '&') => ">&",
                _ => first.ToString(),
            };
            at += operation.Length;
            SkipBlank(overLines: false);
            var from = at;
            var target = ReadWord();
            if (operation.EndsWith('&'))
            {
                if (target.IsQuoted || target.Text is not ("-" or [>= '0' and <= '9']))
                {
                    throw Fail("shells interpret the operand of >& or <& differently", from);
                }

                Emit($"{descriptor}{operation}{target.Text}");
                return true;
            }

            if (target.Text.Length == 0)
            {
                throw Fail("a file name is missing", from);
            }

            Emit($"{descriptor}{operation}{ShellCommand.Quote(target.Text)}");
            redirects.Add(new ShellRedirect(operation == "<" ? RedirectKind.Read : RedirectKind.Write, target.Text));
            return true;
        }

        private void Heredocument(int start)
        {
            if (Peek(2) == '<')
            {
                throw Fail("not every shell supports <<<", start);
            }

            var isIndented = Peek(2) == '-';
            at += isIndented ? 3 : 2;
            SkipBlank(overLines: false);
            var end = ReadWord();
            if (end.Text.Contains('\n', StringComparison.Ordinal))
            {
                throw Fail("the delimiter after << spans two lines", start);
            }

            heredocs.Enqueue(new Heredoc(end.Text, end.IsQuoted, isIndented, start));
            hadHeredoc = true;
        }

        private void Newline()
        {
            at++;
            while (heredocs.TryDequeue(out var heredoc))
            {
                Skip(heredoc);
            }
        }

        private void Skip(Heredoc heredoc)
        {
            while (at < text.Length)
            {
                var end = text.IndexOf('\n', at);
                var line = text[at..(end < 0 ? text.Length : end)];
                var start = at;
                at = end < 0 ? text.Length : end + 1;
                if ((heredoc.IsIndented ? line.TrimStart('\t') : line) == heredoc.End)
                {
                    return;
                }
                if (!heredoc.IsLiteral && line.AsSpan().IndexOfAny("$`\\") is >= 0 and var special)
                {
                    throw Fail("the text after << is put together while it runs", start + special);
                }
            }

            throw Fail("the here-document has no end delimiter", heredoc.At);
        }

        private Word ReadWord()
        {
            var (word, isQuoted, start) = (new StringBuilder(), false, at);
            while (!IsDelimiter(Peek()))
            {
                switch (Peek())
                {
                    case '\\':
                        if (at + 1 >= text.Length)
                        {
                            throw Fail("a character is missing after \\");
                        }
                        if (Peek(1) == '\n')
                        {
                            throw Fail("a word continues on the next line");
                        }

                        word.Append(text[at + 1]);
                        (at, isQuoted) = (at + 2, true);
                        break;
                    case '\'':
                        var end = text.IndexOf('\'', at + 1);
                        if (end < 0)
                        {
                            throw Fail("a ' is missing");
                        }

                        word.Append(text, at + 1, end - at - 1);
                        (at, isQuoted) = (end + 1, true);
                        break;
                    case '"':
                        InQuotes(word);
                        isQuoted = true;
                        break;
                    case '$' or '`':
                        throw Fail(Expansion());
                    case '*' or '?':
                        throw Fail("it has a file name pattern");
                    case '[' when at != start || !IsDelimiter(Peek(1)):
                        throw Fail("it has a file name pattern");
                    case '{' when at == start && Peek(1) == '}' && IsDelimiter(Peek(2)):
                        word.Append("{}");
                        at += 2;
                        break;
                    case '{':
                        throw Fail("it has { }, which some shells expand");
                    case '~' when at == start:
                        if (Peek(1) != '/' && !IsDelimiter(Peek(1)))
                        {
                            throw Fail("it refers to another user's home folder with ~");
                        }

                        word.Append(userHome);
                        at++;
                        break;
                    case '~' when text[at - 1] is '=' or ':':
                        throw Fail("it has a ~ that some shells expand");
                    default:
                        word.Append(text[at++]);
                        break;
                }
            }

            if (at == start)
            {
                throw Fail("a word is missing");
            }
            return new Word(word.ToString(), isQuoted);
        }

        private void InQuotes(StringBuilder word)
        {
            var start = at++;
            for (; Peek() != '"' || at >= text.Length; at++)
            {
                if (at >= text.Length)
                {
                    throw Fail("a \" is missing", start);
                }
                if (Peek() is '$' or '`')
                {
                    throw Fail(Expansion());
                }
                if (Peek() == '\\' && Peek(1) == '\n')
                {
                    throw Fail("a word continues on the next line");
                }
                if (Peek() == '\\' && at + 1 < text.Length && Peek(1) is '$' or '`' or '"' or '\\')
                {
                    at++;
                }

                word.Append(text[at]);
            }

            at++;
        }

        private string Expansion() =>
            (Peek(), Peek(1), Peek(2)) switch
            {
                ('`', _, _) => "it uses command substitution with ` `",
                (_, '(', '(') => "it uses arithmetic with $(( ))",
                (_, '(', _) => "it uses command substitution with $( )",
                (_, '\'' or '"', _) => "it has $ before a quote, which shells interpret differently",
                _ => "it expands a variable with $",
            };

        private void SkipBlank(bool overLines)
        {
            for (; at < text.Length; )
            {
                if (text[at] is ' ' or '\t')
                {
                    at++;
                }
                else if (text[at] == '\\' && Peek(1) == '\n')
                {
                    at += 2;
                }
                else if (text[at] == '#' && (at == 0 || IsDelimiter(text[at - 1])))
                {
                    at = text.IndexOf('\n', at) is >= 0 and var end ? end : text.Length;
                }
                else if (text[at] == '\n' && overLines)
                {
                    Newline();
                }
                else
                {
                    return;
                }
            }
        }

        private void Emit(string token)
        {
            if (canonical.Length > 0)
            {
                canonical.Append(' ');
            }
            canonical.Append(token);
        }

        private char Peek(int ahead = 0) => at + ahead < text.Length ? text[at + ahead] : '\0';

        private static bool IsBlank(char letter) => letter is ' ' or '\t' or '\n';

        private static bool IsDelimiter(char letter) => IsBlank(letter) || letter is '\0' or ';' or '&' or '|' or '<' or '>' or '(' or ')';

        private UnsupportedSyntaxException Fail(string what) => new(what, at);

        private static UnsupportedSyntaxException Fail(string what, int at) => new(what, at);
    }
}
