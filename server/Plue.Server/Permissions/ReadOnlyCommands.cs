namespace Plue.Server.Permissions;

/// <summary>
/// Read-only commands with their options. All others require approval. None of these commands starts another program, uses the network, or reads file names
/// from a file. Git is not included: its repository configures programs (a file system monitor, filters, text converters) that even <c>git status</c> starts,
/// and no option disables all of them. Commands that read a file tree are not included either, because the search tool skips protected files.
/// </summary>
internal static class ReadOnlyCommands
{
    private enum ArgumentKind
    {
        Files,
        None,
        FilesAfterPattern,
        NotFolders,
        Expression,
        OneFile,
        Date,
        Text,
    }

    /// <param name="Flags">Letters of options without a value.</param>
    /// <param name="Valued">Letters of options with a value.</param>
    /// <param name="Long">Names of long options; those with a value end with <c>=</c>.</param>
    private sealed record Form(ArgumentKind Takes, string Flags, string Valued = "", string Long = "", bool HasNumbers = false)
    {
        private readonly HashSet<string> names = [.. Long.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

        public bool IsFlag(string name) => names.Contains(name);

        public bool IsValued(string name) => names.Contains(name + "=");
    }

    private static readonly Dictionary<string, Form> Forms = new(StringComparer.Ordinal)
    {
        ["ls"] = new(
            ArgumentKind.Files,
            "laAhRtrS1dFipsngokGCmxUcuNQ",
            "",
            "all almost-all human-readable recursive reverse directory classify inode size full-time color color= sort= time= group-directories-first numeric-uid-gid"
        ),
        ["cat"] = new(
            ArgumentKind.Files,
            "nAbeEstTv",
            "",
            "number show-all number-nonblank show-ends squeeze-blank show-tabs show-nonprinting"
        ),
        ["head"] = new(ArgumentKind.Files, "qv", "nc", "lines= bytes= quiet silent verbose", HasNumbers: true),
        ["tail"] = new(ArgumentKind.Files, "qv", "nc", "lines= bytes= quiet silent verbose", HasNumbers: true),
        ["wc"] = new(ArgumentKind.Files, "lwcmL", "", "lines words bytes chars max-line-length"),
        ["cut"] = new(
            ArgumentKind.Files,
            "sz",
            "dfcb",
            "delimiter= fields= characters= bytes= only-delimited complement output-delimiter="
        ),
        ["nl"] = new(ArgumentKind.Files, "p", "bhfnsvw"),
        ["stat"] = new(ArgumentKind.Files, "ft", "c", "format= printf= file-system terse"),
        ["file"] = new(ArgumentKind.Files, "biN", "", "brief mime mime-type mime-encoding no-pad"),
        ["du"] = new(
            ArgumentKind.Files,
            "shackmbx",
            "d",
            "summarize human-readable all total apparent-size max-depth= bytes one-file-system"
        ),
        ["df"] = new(ArgumentKind.Files, "hTkmPai", "", "human-readable print-type portability all inodes"),
        ["realpath"] = new(
            ArgumentKind.Files,
            "emsqLPz",
            "",
            "canonicalize-existing canonicalize-missing no-symlinks strip quiet relative-to= relative-base="
        ),
        ["readlink"] = new(ArgumentKind.Files, "femnqsvz", "", "canonicalize canonicalize-existing canonicalize-missing no-newline"),
        ["sort"] = new(
            ArgumentKind.Files,
            "nrubfhVgMdiscz",
            "kt",
            "numeric-sort reverse unique ignore-leading-blanks ignore-case human-numeric-sort version-sort general-numeric-sort month-sort dictionary-order stable check key= field-separator="
        ),
        ["cmp"] = new(ArgumentKind.Files, "blsz", "n", "silent quiet verbose"),
        ["diff"] = new(
            ArgumentKind.NotFolders,
            "uqwbBiayst",
            "U",
            "unified unified= brief ignore-all-space ignore-space-change ignore-blank-lines ignore-case text side-by-side"
        ),
        ["grep"] = new(
            ArgumentKind.FilesAfterPattern,
            "inclLvwxqsoEFGhHabz",
            "ABCme",
            "ignore-case line-number count files-with-matches files-without-match invert-match word-regexp line-regexp quiet silent no-messages only-matching extended-regexp fixed-strings basic-regexp no-filename with-filename text color color= after-context= before-context= context= max-count= regexp="
        ),
        ["rg"] = new(
            ArgumentKind.FilesAfterPattern,
            "inclvwxqFNHIsSoU",
            "ABCme",
            "ignore-case line-number count files-with-matches invert-match word-regexp line-regexp quiet fixed-strings no-line-number smart-case only-matching color= after-context= before-context= context= max-count= regexp= no-config"
        ),
        ["uniq"] = new(ArgumentKind.OneFile, "cduiz", "fsw", "count repeated unique ignore-case skip-fields= skip-chars= check-chars="),
        ["find"] = new(ArgumentKind.Expression, ""),
        ["test"] = new(ArgumentKind.Text, ""),
        ["["] = new(ArgumentKind.Text, ""),
        ["echo"] = new(ArgumentKind.Text, ""),
        ["true"] = new(ArgumentKind.Text, ""),
        ["false"] = new(ArgumentKind.Text, ""),
        ["pwd"] = new(ArgumentKind.None, "LP"),
        ["basename"] = new(ArgumentKind.Text, ""),
        ["dirname"] = new(ArgumentKind.Text, ""),
        ["which"] = new(ArgumentKind.None, "a"),
        ["tr"] = new(ArgumentKind.None, "cCdst", "", "complement delete squeeze-repeats truncate-set1"),
        ["date"] = new(ArgumentKind.Date, "uR", "", "utc universal iso-8601 iso-8601= rfc-3339= rfc-email"),
    };

    private static readonly HashSet<string> Builtins = new(StringComparer.Ordinal) { "test", "[", "echo", "true", "false", "pwd" };

    private static readonly HashSet<string> FindTests = new(StringComparer.Ordinal)
    {
        "-name",
        "-iname",
        "-path",
        "-ipath",
        "-type",
        "-maxdepth",
        "-mindepth",
        "-size",
        "-mtime",
        "-mmin",
        "-atime",
        "-ctime",
        "-perm",
        "-user",
        "-group",
        "-links",
        "-regex",
        "-iregex",
        "-regextype",
        "-printf",
    };
    private static readonly HashSet<string> FindWords = new(StringComparer.Ordinal)
    {
        "-empty",
        "-print",
        "-print0",
        "-not",
        "!",
        "-and",
        "-a",
        "-or",
        "-o",
        "(",
        ")",
        ",",
        "-prune",
        "-mount",
        "-xdev",
        "-readable",
        "-true",
        "-false",
        "-depth",
        "-P",
    };

    /// <summary>Gets the name of a command in the table; null if it is not included, or if another program would run.</summary>
    public static string? NameOf(IReadOnlyList<string> words, SystemPrograms programs, IReadOnlyList<string> workspace) =>
        Builtins.Contains(words[0]) ? words[0]
        : programs.NameOf(words[0], workspace) is { } name && Forms.ContainsKey(name) ? name
        : null;

    /// <summary>True if all options are read-only.</summary>
    /// <param name="name">The name that <see cref="NameOf"/> returned.</param>
    /// <param name="files">The words that could be files, to be evaluated separately.</param>
    /// <param name="mayBeFolders">True if one of the files can be a folder.</param>
    public static bool OnlyReads(string name, IReadOnlyList<string> words, out IReadOnlyList<string> files, out bool mayBeFolders)
    {
        var form = Forms[name];
        mayBeFolders = form.Takes is not (ArgumentKind.NotFolders or ArgumentKind.FilesAfterPattern);
        var found = new List<string>();
        files = found;
        // bash runs commands in the array index of a variable that -v or -R tests.
        if (form.Takes == ArgumentKind.Text)
        {
            return name switch
            {
                "basename" or "dirname" => !words.Skip(1).Any(word => word.StartsWith('-')),
                "test" or "[" => !words.Any(word => word is "-v" or "-R"),
                _ => true,
            };
        }
        if (form.Takes == ArgumentKind.Expression)
        {
            return FindOnlyReads(words, found);
        }

        var (others, hasPattern, isOver) = (new List<string>(), false, false);
        for (var i = 1; i < words.Count; i++)
        {
            var word = words[i];
            if (isOver || word.Length < 2 || word[0] != '-')
            {
                others.Add(word);
            }
            else if (word == "--")
            {
                isOver = true;
            }
            else if (word.StartsWith("--", StringComparison.Ordinal))
            {
                var equals = word.IndexOf('=', StringComparison.Ordinal);
                var option = equals < 0 ? word[2..] : word[2..equals];
                if (
                    equals < 0
                        ? !form.IsFlag(option) && !(form.IsValued(option) && !form.IsFlag(option) && ++i < words.Count)
                        : !form.IsValued(option)
                )
                {
                    return false;
                }

                hasPattern |= option == "regexp";
                if (option.StartsWith("relative-", StringComparison.Ordinal))
                {
                    found.Add(equals < 0 ? words[i] : word[(equals + 1)..]);
                }
            }
            else if (!(form.HasNumbers && word[1..].All(char.IsAsciiDigit)))
            {
                for (var j = 1; j < word.Length; j++)
                {
                    if (form.Flags.Contains(word[j], StringComparison.Ordinal))
                    {
                        continue;
                    }
                    if (!form.Valued.Contains(word[j], StringComparison.Ordinal))
                    {
                        return false;
                    }

                    // In grep's options, only the pattern has the letter e.
                    hasPattern |= word[j] == 'e';
                    if (j + 1 == word.Length && ++i >= words.Count)
                    {
                        return false;
                    }
                    break;
                }
            }
        }

        switch (form.Takes)
        {
            case ArgumentKind.None:
                return name != "pwd" || others.Count == 0;
            case ArgumentKind.Date:
                return others.All(word => word.StartsWith('+'));
            case ArgumentKind.OneFile:
                found.AddRange(others);
                return others.Count <= 1;
            case ArgumentKind.FilesAfterPattern:
                found.AddRange(hasPattern ? others : others.Skip(1));
                // Without a file, rg searches the whole folder.
                return name != "rg" || found.Count > 0;
            default:
                found.AddRange(others);
                return true;
        }
    }

    private static bool FindOnlyReads(IReadOnlyList<string> words, List<string> files)
    {
        var i = 1;
        for (; i < words.Count && words[i] is not (['-', ..] or "(" or "!"); i++)
        {
            files.Add(words[i]);
        }

        for (; i < words.Count; i++)
        {
            if (FindTests.Contains(words[i]))
            {
                i++;
            }
            else if (!FindWords.Contains(words[i]))
            {
                return false;
            }
        }

        return true;
    }
}
