using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Vault;

namespace Plue.Server.Transfer.Programs;

/// <summary>A key in a file of another program.</summary>
/// <param name="Name">The variable or member that contains it.</param>
/// <param name="Origin">The only allowed origin.</param>
internal sealed record FoundKey(string Path, string Name, string Reference, string Origin, string Secret)
{
    public string Id => $"{Path}#{Name}";
}

/// <summary>
/// Finds keys that other programs store in plain text, and keys of known vendors in <c>.env</c> files. Keys without a known origin are not listed.
/// </summary>
internal sealed class KeyFiles(ProgramFolders folders, Func<WorkspaceFolders?> workspace)
{
    private const int MaxBytes = 1024 * 1024;
    private const int MaxKeys = 200;

    /// <summary>The environment variables of vendors, by their names in opencode and Continue.</summary>
    private static readonly Dictionary<string, string> VariableOf = new(StringComparer.OrdinalIgnoreCase)
    {
        ["anthropic"] = "ANTHROPIC_API_KEY",
        ["openai"] = "OPENAI_API_KEY",
        ["openrouter"] = "OPENROUTER_API_KEY",
        ["groq"] = "GROQ_API_KEY",
        ["xai"] = "XAI_API_KEY",
        ["deepseek"] = "DEEPSEEK_API_KEY",
        ["cerebras"] = "CEREBRAS_API_KEY",
        ["moonshot"] = "MOONSHOT_API_KEY",
        ["moonshotai"] = "MOONSHOT_API_KEY",
        ["google"] = "GEMINI_API_KEY",
        ["gemini"] = "GEMINI_API_KEY",
        ["zai"] = "ZAI_API_KEY",
        ["huggingface"] = "HF_TOKEN",
    };

    public IReadOnlyList<FoundKey> Of(string program) =>
        [
            .. (
                program switch
                {
                    "claude-code" => ClaudeCode(Path.Combine(folders.ClaudeCode, "settings.json")),
                    "codex" => Members(Path.Combine(folders.Codex, "auth.json")),
                    "gemini-cli" => Env(Path.Combine(folders.GeminiCli, ".env")),
                    "opencode" => OpenCode(Path.Combine(folders.OpenCodeData, "auth.json")),
                    "continue" => Env(Path.Combine(folders.Continue, ".env"))
                        .Concat(ContinueModels(Path.Combine(folders.Continue, "config.json"))),
                    ImportProgram.Workspace => (workspace()?.All ?? []).SelectMany(folder =>
                        new[] { ".env", ".env.local" }
                            .Select(name => Path.Combine(folder.Path, name))
                            .Where(path => RealPath.ResolvesInto(path, folder.Path))
                            .SelectMany(Env)
                    ),
                    _ => [],
                }
            )
                .DistinctBy(key => key.Id)
                .Take(MaxKeys),
        ];

    private static IEnumerable<FoundKey> Env(string path)
    {
        try
        {
            return EnvFile.Read(path).Select(variable => Key(path, variable.Key, variable.Key, variable.Value, null)).OfType<FoundKey>();
        }
        catch (FailureException)
        {
            return []; // a file that cannot be read has no keys to import
        }
    }

    /// <summary>Gets keys in the variables that the program sets for itself. A key for a proxy belongs to the proxy.</summary>
    private static IEnumerable<FoundKey> ClaudeCode(string path) =>
        Json(path)?.Get("env") is { ValueKind: JsonValueKind.Object } variables
            ? variables
                .EnumerateObject()
                .Select(variable =>
                    Key(
                        path,
                        variable.Name,
                        variable.Name,
                        variable.Value.AsText(),
                        variable.Name == "ANTHROPIC_API_KEY" ? variables.Text("ANTHROPIC_BASE_URL") : null
                    )
                )
                .OfType<FoundKey>()
            : [];

    private static IEnumerable<FoundKey> Members(string path) =>
        Json(path) is { ValueKind: JsonValueKind.Object } document
            ? document
                .EnumerateObject()
                .Select(member => Key(path, member.Name, member.Name, member.Value.AsText(), null))
                .OfType<FoundKey>()
            : [];

    private static IEnumerable<FoundKey> OpenCode(string path) =>
        Json(path) is { ValueKind: JsonValueKind.Object } document
            ? document
                .EnumerateObject()
                .Where(member => member.Value.Text("type") == "api" && VariableOf.ContainsKey(member.Name))
                .Select(member => Key(path, member.Name, VariableOf[member.Name], member.Value.Text("key"), null))
                .OfType<FoundKey>()
            : [];

    private static IEnumerable<FoundKey> ContinueModels(string path) =>
        (Json(path)?.Get("models")?.Items() ?? [])
            .Where(model => model.Text("provider") is { } provider && VariableOf.ContainsKey(provider))
            .Select(model =>
                Key(
                    path,
                    model.Text("title") ?? model.Text("provider")!,
                    VariableOf[model.Text("provider")!],
                    model.Text("apiKey"),
                    model.Text("apiBase")
                )
            )
            .OfType<FoundKey>();

    /// <param name="address">The URL to which the program sends the key, if not the vendor's.</param>
    /// <returns>Null without a key, or if its allowed origins are unknown.</returns>
    private static FoundKey? Key(string path, string name, string variable, string? secret, string? address)
    {
        var suggestion = EnvSuggestion.Of(variable);
        var origin = address is { Length: > 0 }
            ? Uri.TryCreate(address, UriKind.Absolute, out var uri) && Vault.Origin.Of(uri) is { } own
                ? own.ToString()
                : null
            : suggestion.Origins.FirstOrDefault();
        return secret?.Trim() is { Length: > 0 } given && origin is not null
            ? new FoundKey(path, name, suggestion.Reference, origin, given)
            : null;
    }

    private static JsonElement? Json(string path)
    {
        try
        {
            if (RegularFile.Read(path, MaxBytes) is not { } bytes)
            {
                return null;
            }

            using var document = JsonDocument.Parse(
                bytes,
                new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }
            );
            return document.RootElement.Clone();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // a file that cannot be read has no keys to import
        }
    }
}
