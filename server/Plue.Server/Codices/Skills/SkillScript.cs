using System.Text.RegularExpressions;

namespace Plue.Server.Codices.Skills;

/// <summary>Guesses from the text of a script what it would run, for display. The rules of <c>bash</c> decide whether it runs.</summary>
internal static partial class SkillScript
{
    private const int MaxNames = 12;
    private static readonly string[] Extensions =
    [
        ".sh",
        ".bash",
        ".zsh",
        ".py",
        ".js",
        ".mjs",
        ".cjs",
        ".ts",
        ".rb",
        ".pl",
        ".ps1",
        ".bat",
        ".cmd",
        ".lua",
        ".php",
    ];
    private static readonly string[] ShellWords =
    [
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "for",
        "in",
        "do",
        "done",
        "while",
        "until",
        "case",
        "esac",
        "function",
        "select",
        "return",
        "local",
        "export",
        "set",
        "unset",
        "shift",
        "exit",
        "break",
        "continue",
        "true",
        "false",
        "cd",
        "echo",
        "printf",
        "read",
        "test",
        "trap",
        "declare",
        "readonly",
        "wait",
        "pwd",
        "eval",
        "exec",
    ];

    public static bool IsScript(string path, ReadOnlySpan<byte> content) =>
        Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) || content.StartsWith("#!"u8);

    /// <returns>The programs of a shell script; for other scripts, calls that start programs or use the network. Empty if nothing is recognized.</returns>
    public static IReadOnlyList<string> Runs(string path, string text)
    {
        if (IsShell(path, text))
        {
            return
            [
                .. text.Split('\n')
                    .Select(line => line.Trim())
                    .Where(line => line.Length > 0 && line[0] != '#')
                    .SelectMany(line => Separator().Split(line))
                    .Select(part => Assignment().Replace(part.Trim(), ""))
                    .Select(part => Program().Match(part))
                    .Where(match => match.Success)
                    .Select(match => match.Groups["name"].Value)
                    .Where(name => !ShellWords.Contains(name))
                    .Distinct(StringComparer.Ordinal)
                    .Take(MaxNames),
            ];
        }

        return
        [
            .. Starts().IsMatch(text) ? ["other programs"] : Array.Empty<string>(),
            .. Network().IsMatch(text) ? ["the network"] : Array.Empty<string>(),
        ];
    }

    /// <summary>True if the script seems to run something that it downloads.</summary>
    public static bool RunsDownload(string text) => Download().IsMatch(text);

    private static bool IsShell(string path, string text) =>
        Path.GetExtension(path).ToLowerInvariant() is ".sh" or ".bash" or ".zsh" || ShellHead().IsMatch(text);

    [GeneratedRegex(@"&&|\|\||[;|&]|\$\(|`|\b(?:then|do|else)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Separator();

    [GeneratedRegex(@"^(?:[A-Za-z_][A-Za-z0-9_]*=\S*\s*|!\s+)+", RegexOptions.CultureInvariant)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"^(?:\S*/)?(?<name>[A-Za-z][A-Za-z0-9_.+-]*)(?=\s|$)", RegexOptions.CultureInvariant)]
    private static partial Regex Program();

    [GeneratedRegex(@"\A#!\S*(?:/|\s)(?:ba|z|da|k)?sh\b|\A#!\S*env\s+(?:ba|z)?sh\b", RegexOptions.CultureInvariant)]
    private static partial Regex ShellHead();

    [GeneratedRegex(
        @"\b(?:subprocess|os\.system|os\.popen|os\.exec|child_process|execSync|spawn|Process\.Start|Open3|Start-Process|Invoke-Expression|eval)\b",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Starts();

    [GeneratedRegex(
        @"\b(?:urllib|requests|http\.client|httpx|aiohttp|socket|fetch\(|https?\.(?:get|request)|axios|Net::HTTP|Invoke-WebRequest|Invoke-RestMethod)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Network();

    [GeneratedRegex(
        @"\b(?:curl|wget|Invoke-WebRequest|iwr)\b[^\n]*\|\s*(?:sudo\s+)?(?:ba|z)?(?:sh|python3?|node|perl|ruby|iex|Invoke-Expression)\b|\b(?:ba|z)?sh\s+(?:-c\s+""?\$|<)\(\s*(?:curl|wget)\b|\beval\s+""?\$\(\s*(?:curl|wget)\b",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Download();
}
