namespace Plue.Server.Permissions;

/// <summary>The commands of PowerShell that the policy knows: cmdlets that only read, aliases, and commands that run or change others.</summary>
internal static class PowerShellCommands
{
    /// <param name="Switches">Parameters without a value.</param>
    /// <param name="Values">Parameters with a value.</param>
    /// <param name="Paths">Parameters whose value is a file or folder.</param>
    /// <param name="Positions">What words without a parameter are: p a path, t text.</param>
    private sealed record Form(string Switches, string Values, string Paths, string Positions)
    {
        public bool IsSwitch(string name) => Contains(Switches, name);

        public bool IsValue(string name) => Contains(Values, name);

        public bool IsPath(string name) => Contains(Paths, name);

        private static bool Contains(string names, string name) => names.Split(' ').Contains(name, StringComparer.OrdinalIgnoreCase);
    }

    private const string Files = "Path LiteralPath";

    private static readonly Dictionary<string, Form> Readers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Get-ChildItem"] = new("Recurse Force Name File Directory Hidden ReadOnly System", "Filter Include Exclude Depth", Files, "pt"),
        ["Get-Content"] = new("Raw", "TotalCount Head First Tail Last Encoding ReadCount", Files, "p"),
        ["Get-Item"] = new("Force", "", Files, "p"),
        ["Get-Location"] = new("", "", "", ""),
        ["Get-FileHash"] = new("", "Algorithm", Files, "p"),
        ["Get-Date"] = new("", "Format UFormat", "", ""),
        ["Test-Path"] = new("IsValid", "PathType", Files, "p"),
        ["Resolve-Path"] = new("Relative", "", Files, "p"),
        ["Select-String"] = new(
            "CaseSensitive SimpleMatch List Quiet NotMatch AllMatches Raw NoEmphasis",
            "Pattern Context Encoding",
            Files,
            "tp"
        ),
        ["Join-Path"] = new("", "ChildPath", "", "tt"),
        ["Split-Path"] = new("Parent Leaf LeafBase Extension Qualifier NoQualifier IsAbsolute", "", "", "t"),
        ["Measure-Object"] = new("Line Word Character Sum Average Maximum Minimum", "Property", "", "t"),
        ["Sort-Object"] = new("Descending Unique CaseSensitive Stable", "Property Top Bottom", "", "t"),
        ["Select-Object"] = new("Unique", "Property First Last Skip SkipLast Index ExpandProperty ExcludeProperty", "", "t"),
        ["Format-Table"] = new("AutoSize Wrap HideTableHeaders", "Property", "", "t"),
        ["Format-List"] = new("", "Property", "", "t"),
        ["Out-String"] = new("Stream", "Width", "", ""),
        ["Write-Output"] = new("NoEnumerate", "", "", "tttttttt"),
        ["Write-Host"] = new("NoNewline", "", "", "tttttttt"),
    };

    /// <summary>Commands that run others, or change what later commands mean.</summary>
    private static readonly HashSet<string> Wrappers = new(StringComparer.OrdinalIgnoreCase)
    {
        "Invoke-Expression",
        "Invoke-Command",
        "Invoke-Item",
        "Invoke-History",
        "Invoke-CimMethod",
        "Invoke-WmiMethod",
        "Start-Process",
        "Start-Job",
        "Start-ThreadJob",
        "Start-Service",
        "ForEach-Object",
        "Where-Object",
        "Import-Module",
        "Import-Alias",
        "Import-PSSession",
        "New-Module",
        "Add-Type",
        "New-Object",
        "Set-Alias",
        "New-Alias",
        "Set-Variable",
        "New-Variable",
        "Set-Item",
        "New-PSDrive",
        "New-PSSession",
        "Enter-PSSession",
        "New-Service",
        "Set-ExecutionPolicy",
        "Set-PSBreakpoint",
        "Set-StrictMode",
        "Set-PSReadLineOption",
        "Register-ScheduledTask",
        "Register-ScheduledJob",
        "Register-ObjectEvent",
        "Register-EngineEvent",
        "Trace-Command",
        "Measure-Command",
        "Update-TypeData",
        "Update-FormatData",
        "Push-Location",
        "Pop-Location",
        "Use-Transaction",
        "powershell",
        "powershell_ise",
        "pwsh",
        "cmd",
        "wsl",
        "wscript",
        "cscript",
        "mshta",
        "rundll32",
        "regsvr32",
        "msiexec",
        "schtasks",
        "wmic",
        "forfiles",
        "conhost",
        "runas",
        "psexec",
        "start",
        "help",
        "more",
        "pause",
        "prompt",
        "oss",
    };

    /// <summary>The removing cmdlets, whose target can be a whole folder.</summary>
    public static readonly string[] Removers = ["Remove-Item", "Move-Item", "Rename-Item", "Clear-Content", "Clear-Item", "Set-Acl"];

    private static readonly HashSet<string> Aliases = new(
        (
            "ac asnp cat cfs chdir clc clear clhy cli clp cls clv cnsn compare copy cp cpi cpp curl cvpa dbp del diff dir dnsn ebp echo epal epcsv "
            + "epsn erase etsn exsn fc fhx fl foreach ft fw gal gbp gc gcb gci gcm gcs gdr ghy gi gin gjb gl gm gmo gp gps gpv group gsn gsnp gsv "
            + "gtz gu gv gwmi h history icm iex ihy ii ipal ipcsv ipmo ipsn irm ise iwmi iwr kill lp ls man md measure mi mkdir mount move mp mv nal "
            + "ndr ni nmo npssc nsn nv ogv oh popd ps pushd pwd r rbp rcjb rcsn rd rdr ren ri rjb rm rmdir rmo rni rnp rp rsn rsnp rujb rv rvpa "
            + "rwmi sajb sal saps sasv sbp sc scb select set shcm si sleep sls sort sp spjb spps spsv stz sujb sv swmi tee trcm type wget where "
            + "wjb write"
        ).Split(' '),
        StringComparer.OrdinalIgnoreCase
    );

    private static readonly string[] FolderChanges = ["cd", "sl", "Set-Location"];

    private static readonly Dictionary<string, string> Spellings = Readers
        .Keys.Concat(Wrappers.Where(name => name.Contains('-', StringComparison.Ordinal)))
        .Concat(Removers)
        .Distinct(StringComparer.OrdinalIgnoreCase)
        .ToDictionary(name => name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Gets the words with the program in one spelling: cmdlets as documented, a change of the folder as <c>cd</c>, programs in lower case without <c>.exe</c>.</summary>
    public static IReadOnlyList<string> Normalize(IReadOnlyList<string> words)
    {
        var name = words[0];
        var isPlaced = name.AsSpan().IndexOfAny("/\\") >= 0;
        var spelling =
            FolderChanges.Contains(name, StringComparer.OrdinalIgnoreCase) ? "cd"
            : Spellings.TryGetValue(name, out var known) ? known
            : isPlaced ? name
            : name.ToLowerInvariant();
        return [spelling.EndsWith(".exe", StringComparison.OrdinalIgnoreCase) ? spelling[..^4] : spelling, .. words.Skip(1)];
    }

    public static bool IsCmdlet(string program) => Spellings.ContainsKey(program);

    public static bool IsAlias(string program) => Aliases.Contains(program);

    public static bool IsWrapper(IReadOnlyList<string> words)
    {
        // The name of a module can precede that of its command.
        var name = words[0][(words[0].LastIndexOfAny(['/', '\\']) + 1)..];
        name = name.EndsWith(".exe", StringComparison.OrdinalIgnoreCase) ? name[..^4] : name;
        return Wrappers.Contains(name) || CommandWrappers.IsWrapper([name.ToLowerInvariant(), .. words.Skip(1)]);
    }

    /// <summary>True for a path on a drive that is not one of the file system, such as <c>Env:PATH</c>, and for a stream of a file.</summary>
    public static bool IsProviderPath(string word)
    {
        var colon = word.IndexOf(':', StringComparison.Ordinal);
        var isAddress = colon > 1 && word.AsSpan(colon).StartsWith("://") && word[..colon] is "http" or "https" or "ssh" or "git" or "file";
        return colon >= 0 && !isAddress && !(colon == 1 && char.IsAsciiLetter(word[0]) && word.IndexOf(':', 2) < 0);
    }

    /// <summary>True if the cmdlet and its parameters only read.</summary>
    /// <param name="files">The words that are files or folders, to be evaluated separately.</param>
    public static bool OnlyReads(IReadOnlyList<string> words, out IReadOnlyList<string> files)
    {
        var found = new List<string>();
        files = found;
        if (!Readers.TryGetValue(words[0], out var form))
        {
            return false;
        }

        var position = 0;
        for (var i = 1; i < words.Count; i++)
        {
            var word = words[i];
            if (word.StartsWith('-') && word.Length > 1 && !char.IsAsciiDigit(word[1]))
            {
                var name = word[1..];
                if (form.IsSwitch(name))
                {
                    continue;
                }
                if (!(form.IsValue(name) || form.IsPath(name)) || ++i >= words.Count || words[i].StartsWith('-'))
                {
                    return false;
                }
                if (form.IsPath(name))
                {
                    found.Add(words[i]);
                }
            }
            else if (position >= form.Positions.Length)
            {
                return false;
            }
            else if (form.Positions[position++] == 'p')
            {
                found.Add(word);
            }
        }

        return found.All(IsLiteralFile);
    }

    /// <summary>False for wildcards, short names, other computers, devices, and paths relative to a drive.</summary>
    private static bool IsLiteralFile(string file) =>
        file.Length > 0
        && file.AsSpan().IndexOfAny("*?[]~`") < 0
        && !(file.Length > 1 && file[0] is '/' or '\\' && file[1] is '/' or '\\')
        && !(file.Length > 1 && file[1] == ':' && (file.Length < 3 || file[2] is not ('/' or '\\')));
}
