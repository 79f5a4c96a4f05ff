using System.Text.RegularExpressions;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Mcp.Import;

/// <summary>Converts a server of another program to a declaration of Plue. One instance per server.</summary>
/// <param name="home">The user's home folder, for <c>${userHome}</c>.</param>
/// <param name="folder">The value of <c>${workspaceFolder}</c>; null for none.</param>
internal sealed partial class McpServerReader(
    string name,
    McpFileFormat format,
    string home,
    string? folder,
    IReadOnlyDictionary<string, string> environment
)
{
    private const int MinSecretLength = 20;
    private readonly List<McpFoundKey> keys = [];
    private string? problem;

    /// <param name="key">The path of keys in the file.</param>
    public McpFoundServer Read(Json5Object declared, string key)
    {
        // Earlier versions of Zed had a separate object for the program.
        var program = declared.GetObject("command") ?? declared;
        var url = declared.GetString("url") ?? declared.GetString("serverUrl");
        var command = program.GetString("command") ?? program.GetString("path");
        var item =
            url is not null ? Http(declared, Plain(url))
            : command is not null ? Program(declared, program, Plain(command))
            : Json5Object.Empty;
        if (url is null && command is null)
        {
            problem ??= "It has neither a command nor a url.";
        }
        if (declared.GetString("type") == "sse")
        {
            problem ??= "It uses the deprecated SSE transport, which Plue does not support.";
        }
        if (declared.GetString("envFile") is { Length: > 0 })
        {
            problem ??= "It reads its variables from a file (envFile), which Plue does not support.";
        }

        var arguments = item.GetStrings("args");
        var hasKey = HasKey(arguments) || (url is not null && HasKey(url));
        if (hasKey)
        {
            problem = $"It seems to have a key in its {(url is null ? "arguments" : "url")}. Move the key to a variable or header.";
        }

        return new McpFoundServer(name, key)
        {
            Command = item.GetString("url") is { } address
                ? address[..(hasKey ? Math.Max(0, address.IndexOf('?', StringComparison.Ordinal)) : address.Length)]
                : string.Join(' ', [item.GetString("command") ?? "", .. hasKey ? [] : arguments]),
            Item = item,
            Keys = keys,
            Problem = problem,
        };
    }

    private Json5Object Program(Json5Object declared, Json5Object program, string command)
    {
        var item = Json5Object.Of(("command", new Json5String(command)));
        var arguments = program.GetStrings("args").Select(Plain).ToList();
        if (arguments.Count > 0)
        {
            item = item.With("args", Json5Array.Of(arguments));
        }
        var directory = declared.GetString("cwd") is { Length: > 0 } cwd ? Path.GetFullPath(Plain(cwd), folder ?? home) : folder;
        if (directory is not null)
        {
            item = item.With("cwd", new Json5String(directory));
        }

        List<(string, string)> variables = [.. program.GetStringMap("env").Select(pair => (pair.Key, Value("env", pair.Key, pair.Value)))];
        // Codex CLI passes on only the listed variables.
        variables.AddRange(
            declared.GetStrings("env_vars").Where(variable => Names().IsMatch(variable)).Select(variable => (variable, $"${{{variable}}}"))
        );
        return WithValues(item, "env", variables);
    }

    private Json5Object Http(Json5Object declared, string url)
    {
        var item = Json5Object.Of(("type", new Json5String("http")), ("url", new Json5String(url)));
        List<(string, string)> headers =
        [
            .. declared
                .GetStringMap("headers")
                .Concat(declared.GetStringMap("http_headers"))
                .Select(pair => (pair.Key, Value("headers", pair.Key, pair.Value))),
            .. declared
                .GetStringMap("env_http_headers")
                .Where(pair => Names().IsMatch(pair.Value))
                .Select(pair => (pair.Key, $"${{{pair.Value}}}")),
        ];
        if (declared.GetString("bearer_token_env_var") is { } variable && Names().IsMatch(variable))
        {
            headers.Add(("Authorization", $"Bearer ${{{variable}}}"));
        }
        return WithValues(item, "headers", headers);
    }

    private static Json5Object WithValues(Json5Object item, string field, List<(string Name, string Value)> values) =>
        values.Count == 0
            ? item
            : item.With(
                field,
                Json5Object.Of(values.DistinctBy(pair => pair.Name).Select(pair => (pair.Name, (Json5Node)new Json5String(pair.Value))))
            );

    /// <summary>Converts the value of a variable or header. A key becomes a reference to the vault.</summary>
    private string Value(string kind, string field, string text)
    {
        text = Known(text);
        if (Inputs().Match(text) is { Success: true } input)
        {
            var before = text[..input.Index];
            if (input.Length + before.Length == text.Length && (before.Length == 0 || before.EndsWith(' ')))
            {
                return before + Reference(field, null);
            }

            problem ??= $"{Shown(field)} is only partly an input, which Plue does not support.";
            return "";
        }

        // A variable with a default stays a reference if it is currently set; otherwise, its default is used.
        text = Defaults()
            .Replace(
                text,
                match =>
                    environment.ContainsKey(match.Groups["name"].Value)
                        ? $"${{{match.Groups["name"].Value}}}"
                        : match.Groups["default"].Value
            );
        if (Variables().IsMatch(text))
        {
            var rest = Allowed().Replace(text, "");
            if (Variables().IsMatch(rest))
            {
                problem ??= $"{Shown(field)} uses {Shown(Variables().Match(rest).Value)}, which Plue does not know.";
            }

            return text;
        }
        if (SecretReference.FindIn(text) is not null || !IsKey(kind, field, text))
        {
            return text;
        }

        var scheme = kind == "headers" && text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var at ? text[..(at + 1)] : "";
        return scheme + Reference(field, text[scheme.Length..]);
    }

    private string Reference(string field, string? value)
    {
        var plain = NotPlain().Replace(field.ToLowerInvariant(), "_").Trim('_');
        var reference = $"{SecretReference.VaultScheme}mcp-{name.ToLowerInvariant()}/{(plain.Length == 0 ? "key" : plain)}";
        keys.Add(new McpFoundKey(field, reference, value));
        return reference;
    }

    /// <summary>Converts a command, argument or address, which cannot contain references.</summary>
    private string Plain(string text)
    {
        text = Known(text);
        if (Variables().Match(text) is { Success: true } left)
        {
            problem ??= $"It uses {Shown(left.Value)} where Plue replaces no variables. Declare it yourself.";
        }

        return text;
    }

    /// <summary>Replaces variables with the same meaning for all users of the file.</summary>
    private string Known(string text)
    {
        if (format is McpFileFormat.Zed or McpFileFormat.CodexCli)
        {
            return text;
        }
        if (folder is not null)
        {
            text = text.Replace("${workspaceFolder}", folder, StringComparison.Ordinal)
                .Replace("${workspaceRoot}", folder, StringComparison.Ordinal)
                .Replace("${workspaceFolderBasename}", Path.GetFileName(folder), StringComparison.Ordinal);
        }

        return text.Replace("${userHome}", home, StringComparison.Ordinal)
            .Replace("${HOME}", home, StringComparison.Ordinal)
            .Replace("${env:HOME}", home, StringComparison.Ordinal)
            .Replace("${pathSeparator}", Path.DirectorySeparatorChar.ToString(), StringComparison.Ordinal)
            .Replace("${/}", Path.DirectorySeparatorChar.ToString(), StringComparison.Ordinal);
    }

    private static bool IsKey(string kind, string field, string text) =>
        text.Length > 0
        && (
            LiteralSecrets.IsIn([field], new Json5String(text))
            || ShortNames().IsMatch(field)
            || LooksLikeKey(text)
            || WithPassword().IsMatch(text)
            || (kind == "headers" && field.Equals("Authorization", StringComparison.OrdinalIgnoreCase))
        );

    private static bool HasKey(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var (flag, value) =
                arguments[i].IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (arguments[i][..at], arguments[i][(at + 1)..])
                : i > 0 ? (arguments[i - 1].StartsWith('-') ? arguments[i - 1] : "", arguments[i])
                : ("", arguments[i]);
            if (
                value.Length > 0
                && (
                    LiteralSecrets.IsInText(value)
                    || WithPassword().IsMatch(value)
                    || (flag.Length > 0 && !value.StartsWith('-') && LiteralSecrets.IsIn([flag.Trim('-')], new Json5String(value)))
                )
            )
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasKey(string url) =>
        LiteralSecrets.IsInText(url)
        || (
            Uri.TryCreate(url, UriKind.Absolute, out var address)
            && (address.UserInfo.Length > 0 || HasKey(address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)))
        );

    /// <summary>True for a long word of letters and digits that is not a path, number or name.</summary>
    private static bool LooksLikeKey(string text) =>
        text.Length >= MinSecretLength && KeyLike().IsMatch(text) && text.Any(char.IsAsciiDigit) && text.Any(char.IsAsciiLetter);

    private static string Shown(string text) => HiddenCharacters.VisibleLine(text.Length > 60 ? text[..60] + "…" : text);

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex Names();

    [GeneratedRegex(@"\$\{input:[^}]*\}$")]
    private static partial Regex Inputs();

    [GeneratedRegex(@"\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*):-(?<default>[^}]*)\}")]
    private static partial Regex Defaults();

    [GeneratedRegex(@"\$\{[^}]*\}")]
    private static partial Regex Variables();

    [GeneratedRegex(@"\$\{(?:env:)?[A-Za-z_][A-Za-z0-9_]*\}")]
    private static partial Regex Allowed();

    [GeneratedRegex(@"(?:^|[_-])(?:AUTH|PAT|PASS|PWD|CREDS?)(?:$|[_-])", RegexOptions.IgnoreCase)]
    private static partial Regex ShortNames();

    [GeneratedRegex(@"^[A-Za-z0-9_+=~-]+$")]
    private static partial Regex KeyLike();

    [GeneratedRegex(@"^[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@", RegexOptions.IgnoreCase)]
    private static partial Regex WithPassword();

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotPlain();
}
