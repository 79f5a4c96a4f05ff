using System.Text.RegularExpressions;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Templates;

namespace Plue.Server;

/// <summary>The user's provider files as the providers read them, and the changes that the window asks for. Never holds a secret.</summary>
internal sealed partial class ProviderCodices(PluePaths paths, Lazy<TemplateCatalog> templates) : IProviderSource
{
    private readonly Lazy<FileCodices> files = new(() => FileCodices.Providers(paths, templates.Value));
    private readonly Lock gate = new();
    private string stamp = "";
    private IReadOnlyList<ConfiguredProvider> known = [];

    public string? DefaultId => UserConfig.Read(paths).DefaultLarge?.ProviderId;

    public IReadOnlyList<ConfiguredProvider> List()
    {
        lock (gate)
        {
            if (Stamp() is { } now && now != stamp) { (stamp, known) = (now, [.. files.Value.List().Select(Configured)]); }
            return known;
        }
    }

    /// <summary>Creates the file, or changes only what is named in it.</summary>
    public string Configure(ProviderChange change, ProviderSettings? from)
    {
        var (id, name, kind, endpoint, model, enabled, makeDefault) = change;
        if (from is { Source: not ProviderSource.File } && makeDefault && endpoint is null && model is null && enabled is null)
        {
            UserConfig.SetChoice(paths, UserConfig.DefaultLargeKey, new ModelChoice(from.Id));
            return from.Id;
        }

        if (!ProviderKinds.All.Contains(kind)) { throw new FailureException(FailureKind.MissingField, $"There is no kind of provider named {kind}."); }
        if (kind == ProviderKinds.OpenAiCompatible && string.IsNullOrWhiteSpace(endpoint ?? from?.Endpoint?.ToString()))
        {
            throw new FailureException(FailureKind.MissingField, "An OpenAI-compatible provider needs an address, such as http://localhost:1234/v1.");
        }

        if (!string.IsNullOrWhiteSpace(endpoint) && !(Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            throw new FailureException(FailureKind.MissingField, $"{endpoint} is not an http or https address.");
        }

        id ??= FreeId(name);
        if (files.Value.Get(id) is null) { Create(id, name, kind, endpoint, model, from); }
        else
        {
            files.Value.Set(id, "name", new Json5String(name));
            SetOrUnset(id, "endpoint", endpoint);
            SetOrUnset(id, "model", model);
        }

        if (enabled is { } on) { files.Value.Set(id, "enabled", new Json5Boolean(on)); }
        if (makeDefault) { UserConfig.SetChoice(paths, UserConfig.DefaultLargeKey, new ModelChoice(id)); }
        lock (gate) { stamp = ""; }
        return id;
    }

    public void Delete(string id)
    {
        files.Value.Delete(id);
        if (DefaultId == id) { UserConfig.SetChoice(paths, UserConfig.DefaultLargeKey, null); }
        lock (gate) { stamp = ""; }
    }

    private void Create(string id, string name, string kind, string? endpoint, string? model, ProviderSettings? from)
    {
        List<(string, Json5Node)> values = [("name", new Json5String(name)), ("provider_type", new Json5String(kind))];
        if ((endpoint ?? from?.Endpoint?.ToString()) is { Length: > 0 } address) { values.Add(("endpoint", new Json5String(address))); }
        if ((model ?? from?.Model) is { Length: > 0 } chosen) { values.Add(("model", new Json5String(chosen))); }
        if (from?.CatalogProvider is { } vendor) { values.Add(("catalog_provider", new Json5String(vendor))); }
        // One that was found with a key in the environment goes on using it.
        if (kind is ProviderKinds.Anthropic or ProviderKinds.OpenAiCompatible) { values.Add(("api_key_ref", new Json5String(from?.ApiKeyRef ?? $"vault://{id}/api_key"))); }
        files.Value.Create(id, Json5Object.Of(values));
    }

    private void SetOrUnset(string id, string field, string? value)
    {
        if (value is null) { return; }
        if (value.Length == 0) { files.Value.Unset(id, [field]); }
        else { files.Value.Set(id, field, new Json5String(value)); }
    }

    private ConfiguredProvider Configured(FileCodex codex)
    {
        var fault = codex.Problems.FirstOrDefault(problem => problem.IsError);
        var values = templates.Value.Find("llm-provider")?.WithDefaults(codex.Values) ?? codex.Values;
        // Only what the file itself says is sent; a template's suggestion such as a temperature would surprise models that refuse it.
        var own = codex.Values;
        var settings = new ProviderSettings
        {
            Id = codex.Id,
            Name = values.GetString("name") ?? codex.Id,
            Kind = values.GetString("provider_type") ?? ProviderKinds.ClaudeCode,
            Enabled = values.GetBoolean("enabled") ?? true,
            Endpoint = Uri.TryCreate(values.GetString("endpoint"), UriKind.Absolute, out var endpoint) ? endpoint : null,
            Model = values.GetString("model"),
            CatalogProvider = values.GetString("catalog_provider"),
            ApiKeyRef = values.GetString("api_key_ref"),
            CliPath = values.GetString("cli_path"),
            MaxTurns = own.GetInteger("max_turns"),
            CustomSystemPrompt = own.GetString("custom_system_prompt"),
            MaxTokens = own.GetInteger("max_tokens"),
            Temperature = own.GetNumber("temperature"),
            StopSequences = own.GetStrings("stop_sequences"),
            ReasoningLevel = own.GetString("reasoning_level"),
            SupportsTools = values.GetBoolean("supports_tools") ?? true,
            Timeout = own.GetNumber("timeout_ms") is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null,
            RetryPolicy = values.GetString("retry_policy") ?? "standard",
            Headers = own.GetStringMap("headers"),
            AdditionalAuth = own.GetStringMap("additional_auth"),
            Command = own.GetString("command"),
            SupportsStreaming = values.GetBoolean("supports_streaming") ?? true,
            Auth = own.GetString("auth_type") is { } auth && ProviderKinds.AuthTypesByName.TryGetValue(auth, out var type) ? type : null,
        };
        return new ConfiguredProvider(settings, fault is null ? null : $"{Path.GetFileName(codex.Path)}:{fault.Line}:{fault.Column} {fault.Message}");
    }

    private string FreeId(string name)
    {
        var id = NotInAnId().Replace(name.ToLowerInvariant(), "-").Trim('-');
        if (!CodexUri.TryOf(CodexCollection.Providers, id, out _)) { id = "provider"; }
        var free = id;
        for (var number = 2; files.Value.Get(free) is not null; number++) { free = $"{id}-{number}"; }
        return free;
    }

    private string? Stamp()
    {
        if (!Directory.Exists(paths.Providers)) { return "none"; }
        return string.Join('\n', new DirectoryInfo(paths.Providers).EnumerateFiles("*.json5").OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => $"{file.Name}/{file.Length}/{file.LastWriteTimeUtc.Ticks}"));
    }

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotInAnId();
}
