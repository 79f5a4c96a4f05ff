using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>
/// Parses a command line as Windows PowerShell 5.1 and PowerShell 7 would. Only literal commands are supported: words without quotes from a small set of
/// characters, and whole words in quotes. Everything that PowerShell could evaluate, expand, or resolve differently is unsupported: the line then requires
/// approval. Never throws.
/// </summary>
internal static class PowerShellGrammar
{
    public const int MaxLineLength = 10_000;
    private const int MaxCommands = 100;

    /// <summary>PowerShell reads these as quotes and dashes, also inside of quotes.</summary>
    private const string SmartLetters = "\u2018\u2019\u201A\u201B\u201C\u201D\u201E\u2013\u2014\u2015";

    /// <summary>What a batch file or the argument list of a program could read as more than text. Cmdlets get it as it is.</summary>
    private const string UnsafeForPrograms = "&|<>^%\"!()\r\n\t";

    private static readonly HashSet<string> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        "assembly",
        "base",
        "begin",
        "break",
        "catch",
        "class",
        "clean",
        "command",
        "configuration",
        "continue",
        "data",
        "define",
        "do",
        "dynamicparam",
        "else",
        "elseif",
        "end",
        "enum",
        "exit",
        "filter",
        "finally",
        "for",
        "foreach",
        "from",
        "function",
        "hidden",
        "if",
        "in",
        "inlinescript",
        "interface",
        "module",
        "namespace",
        "parallel",
        "param",
        "private",
        "process",
        "public",
        "return",
        "sequence",
        "static",
        "switch",
        "throw",
        "trap",
        "try",
        "type",
        "until",
        "using",
        "var",
        "while",
        "workflow",
    };

    public static ShellParseResult Parse(string line)
    {
        var parser = new Parser(line);
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

    private sealed class Parser(string text)
    {
        private readonly StringBuilder canonical = new();
        private int at;

        // Null if the working directory depends on the outcome of a command.
        private IReadOnlyList<string>? directoryChanges = [];

        public List<ShellCommand> Commands { get; } = [];

        public string Canonical => canonical.ToString();

        public void Program()
        {
            CheckLetters();
            var link = ShellOperator.First;
            for (; ; )
            {
                SkipBlank(overLines: true);
                if (at >= text.Length)
                {
                    break;
                }
                if (link == ShellOperator.Then)
                {
                    Emit(";");
                }

                Pipelines(link);
                link = ShellOperator.Then;
                SkipBlank(overLines: false);
                if (Peek() is ';' or '\n')
                {
                    at++;
                }
                else if (at < text.Length)
                {
                    throw Fail("this token is not allowed here");
                }
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
                if (SmartLetters.Contains(letter, StringComparison.Ordinal))
                {
                    throw Fail("it has a typographic quote or dash, which PowerShell reads as a quote or dash", i);
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

        private void Pipelines(ShellOperator link)
        {
            Pipeline(link);
            for (; ; )
            {
                SkipBlank(overLines: false);
                var isAnd = Peek() == '&' && Peek(1) == '&';
                if (!isAnd && !(Peek() == '|' && Peek(1) == '|'))
                {
                    return;
                }

                Emit(isAnd ? "&&" : "||");
                at += 2;
                SkipBlank(overLines: true);
                var before = directoryChanges;
                Pipeline(isAnd ? ShellOperator.And : ShellOperator.Or);
                // Whether a conditional command has changed the folder is unknown to those that follow.
                if (!ReferenceEquals(before, directoryChanges) || !isAnd)
                {
                    directoryChanges = Commands.Any(IsChange) ? null : directoryChanges;
                }
            }
        }

        private static bool IsChange(ShellCommand command) => command.Words is ["cd", ..];

        private void Pipeline(ShellOperator link)
        {
            var first = Commands.Count;
            Command(link);
            SkipBlank(overLines: false);
            while (Peek() == '|' && Peek(1) != '|')
            {
                Emit("|");
                at++;
                SkipBlank(overLines: true);
                Command(ShellOperator.Pipe);
                SkipBlank(overLines: false);
            }

            if (Commands.Count - first > 1 && Commands.Skip(first).Any(IsChange))
            {
                directoryChanges = null;
            }
        }

        private void Command(ShellOperator link)
        {
            var words = new List<string>();
            var start = at;
            for (; ; )
            {
                SkipBlank(overLines: false);
                if (at >= text.Length || Peek() is '\n' or ';' or '|' || (Peek() == '&' && Peek(1) == '&' && words.Count > 0))
                {
                    break;
                }

                words.Add(words.Count == 0 ? ReadProgram() : ReadWord());
            }

            if (words.Count == 0)
            {
                throw Fail("a command is missing");
            }

            words = [.. PowerShellCommands.Normalize(words)];
            if (!PowerShellCommands.IsCmdlet(words[0]) && words[0] != "cd")
            {
                CheckArguments(words, start);
            }
            if (words.FirstOrDefault(PowerShellCommands.IsProviderPath) is { } path)
            {
                throw Fail($"{path} can be something other than a file", start);
            }
            if (Commands.Count >= MaxCommands)
            {
                throw Fail($"it has more than {MaxCommands} commands");
            }

            Commands.Add(new ShellCommand(words, [], directoryChanges, link));
            Emit(ShellCommand.Join(words));
            if (IsChange(Commands[^1]))
            {
                directoryChanges =
                    words is [_, var folder] && directoryChanges is not null && IsLiteralFolder(folder)
                        ? [.. directoryChanges, folder.Replace('\\', '/')]
                        : null;
            }
        }

        private void CheckArguments(List<string> words, int start)
        {
            foreach (var word in words)
            {
                if (word.Length == 0 || (word[^1] == '\\' && word.Contains(' ', StringComparison.Ordinal)))
                {
                    throw Fail("versions of PowerShell pass an empty word, or a backslash at the end, differently", start);
                }
                if (word.AsSpan().IndexOfAny(UnsafeForPrograms) >= 0)
                {
                    throw Fail("a batch file could run a part of its arguments", start);
                }
            }
        }

        private static bool IsLiteralFolder(string folder) =>
            folder.Length > 0 && folder[0] is not ('-' or '+' or '~') && folder.AsSpan().IndexOfAny("*?[]`") < 0;

        /// <summary>Reads the first word of a command, which PowerShell must not read as an expression, a keyword, or an operator.</summary>
        private string ReadProgram()
        {
            var start = at;
            var first = Peek();
            if (first is '&' or '.' && (first == '&' || IsBlankOrEnd(Peek(1))))
            {
                throw Fail("it uses the call operator");
            }
            // Numbers can begin with a dot.
            var isPlaced =
                Peek(
                    first != '.' ? 0
                    : Peek(1) == '.' ? 2
                    : 1
                )
                is '/'
                    or '\\';
            if (!(char.IsAsciiLetter(first) || first == '_' || isPlaced))
            {
                throw Fail("it begins with an expression or an alias such as % or ?");
            }

            var word = ReadBare();
            if (word.Any(letter => letter is '=' or '+' or '@' or ',' or '*' or '?' or '[' or ']' || letter > '~'))
            {
                throw Fail("its program name is not literal", start);
            }
            if (Keywords.Contains(word))
            {
                throw Fail($"it uses the keyword {word}", start);
            }
            if (
                word.EndsWith(':')
                || word.StartsWith("cd.", StringComparison.OrdinalIgnoreCase)
                || word.Equals("cd\\", StringComparison.OrdinalIgnoreCase)
            )
            {
                throw Fail("it changes the drive or folder", start);
            }

            return word;
        }

        private string ReadWord() =>
            Peek() switch
            {
                '\'' => ReadQuoted('\''),
                '"' => ReadQuoted('"'),
                _ => ReadArgument(),
            };

        private string ReadArgument()
        {
            var start = at;
            if (Peek() is '@' or '~' or ':')
            {
                throw Fail(
                    Peek() == '@' ? "it has an array, a hash table, splatting, or a here-string" : "it has a word that PowerShell resolves"
                );
            }

            var word = ReadBare();
            if (word == "--%")
            {
                throw Fail("it stops parsing with --%", start);
            }
            // A parameter ends at these letters, so the rest would be a word of its own.
            if (word[0] == '-' && word.AsSpan().IndexOfAny(".:") >= 0)
            {
                throw Fail("PowerShell splits this parameter", start);
            }

            return word;
        }

        private string ReadBare()
        {
            var start = at;
            for (; !IsBlankOrEnd(Peek()) && Peek() is not (';' or '|' or '&'); at++)
            {
                var letter = Peek();
                if (Obstacle(letter) is { } what)
                {
                    throw Fail(what);
                }
            }

            if (at == start || (Peek() == '&' && Peek(1) != '&'))
            {
                throw Fail("it uses the operator &");
            }
            return text[start..at];
        }

        private static string? Obstacle(char letter) =>
            letter switch
            {
                '$' => "it uses a variable or a subexpression",
                '`' => "it uses an escape with `",
                '(' or ')' => "it uses a subexpression",
                '{' or '}' => "it uses a script block",
                '[' or ']' => "it uses a type, a member, or a wildcard",
                '*' or '?' => "it uses a wildcard",
                '<' or '>' => "it uses a redirection",
                ',' => "it uses an array",
                '#' => "it has a comment",
                '\'' or '"' => "it has a quote inside of a word",
                _ when char.IsAsciiLetterOrDigit(letter) || letter > '~' || "_-./\\:=+%@~^!".Contains(letter, StringComparison.Ordinal) =>
                    null,
                _ => $"it has the character {letter}",
            };

        private string ReadQuoted(char quote)
        {
            var start = at++;
            var word = new StringBuilder();
            for (; ; at++)
            {
                if (at >= text.Length)
                {
                    throw Fail("a quote is missing", start);
                }
                if (Peek() == quote)
                {
                    if (Peek(1) != quote)
                    {
                        break;
                    }
                    at++;
                }
                else if (quote == '"' && Peek() is '$' or '`')
                {
                    throw Fail(Peek() == '$' ? "it uses a variable or a subexpression" : "it uses an escape with `");
                }

                word.Append(Peek());
            }

            at++;
            if (!IsBlankOrEnd(Peek()) && Peek() is not (';' or '|') && !(Peek() == '&' && Peek(1) == '&'))
            {
                throw Fail("text follows a quote");
            }
            return word.ToString();
        }

        private void SkipBlank(bool overLines)
        {
            while (Peek() is ' ' or '\t' || (overLines && Peek() == '\n'))
            {
                at++;
            }
        }

        private static bool IsBlankOrEnd(char letter) => letter is '\0' or ' ' or '\t' or '\n';

        private char Peek(int ahead = 0) => at + ahead < text.Length ? text[at + ahead] : '\0';

        private void Emit(string token)
        {
            if (canonical.Length > 0)
            {
                canonical.Append(' ');
            }
            canonical.Append(token);
        }

        private UnsupportedSyntaxException Fail(string what, int? where = null) => new(what, where ?? at);
    }
}
