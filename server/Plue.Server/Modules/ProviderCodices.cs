using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Plue.Server.Catalog;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Templates;

namespace Plue.Server.Modules;

/// <summary>Reads and changes the user's provider files. They never contain a secret.</summary>
internal sealed partial class ProviderCodices(PluePaths paths, TemplateCatalog templates, ProviderCatalog? catalog = null) : IProviderSource
{
    private const string TemplateId = "llm-provider";
    private const string KeyField = "api_key_ref";

    /// <summary>USD per million tokens.</summary>
    private const double MaxPrice = 1_000_000;

    private readonly FileCodices files = FileCodices.Providers(paths, templates);
    private readonly ConditionalWeakTable<FileCodex, ConfiguredProvider> read = [];

    public string? FolderProblem => files.FolderProblem?.Message;

    public ModelChoice? DefaultLarge => UserConfig.Read(paths).DefaultLarge;

    public ModelChoice? DefaultSmall => UserConfig.Read(paths).DefaultSmall;

    public IReadOnlyList<ConfiguredProvider> List()
    {
        var template = templates.Find(TemplateId);
        return [.. files.List().Select(codex => Configured(codex, template))];
    }

    public ConfiguredProvider? Find(string id) => files.Get(id) is { } codex ? Configured(codex, templates.Find(TemplateId)) : null;

    public string? RedactedConfiguration(string id) => files.Get(id) is { } codex ? RedactedJson.Of(codex.Values) : null;

    public ProviderReferences ReferencesTo(string id)
    {
        if (!CodexUri.TryOf(CodexCollection.Providers, id, out var uri))
        {
            return new ProviderReferences([], []);
        }

        var named = CodexLinks
            .OfTemplates(templates)
            .Where(link => link.To == uri)
            .Select(link => link.From)
            .Distinct(StringComparer.Ordinal);
        return new ProviderReferences(
            [.. named],
            [.. CodexLinks.OfSettings(paths).Where(link => link.To == uri).Select(link => link.Kind)]
        );
    }

    /// <summary>Creates the file, or changes only the given fields; in one write, after all values were validated.</summary>
    public string Configure(ProviderChange change, ProviderSettings? from)
    {
        if (change.Id is { } given && ProviderRegistry.IsReserved(given))
        {
            throw new FailureException(FailureKind.Conflict, $"{given} is reserved for the default provider. Choose another name.");
        }

        var existing = change.Id is null ? null : files.Get(change.Id);
        var (name, kind, changes) = Changes(change, from, existing);
        files.Check(changes);
        var id = change.Id ?? FreeId(name);
        if (existing is null)
        {
            files.Create(id, Json5Object.Of(Initial(id, kind, changes, from)));
        }
        else
        {
            var hasKey = existing.Values.Has(KeyField) || changes.Any(field => field.Field == KeyField);
            var kindChanged = existing.Values.GetString("provider_type") is { } before && before != kind.Id;
            files.Change(
                id,
                kindChanged && !hasKey && WantsKey(kind, changes)
                    ? [.. changes, (KeyField, new Json5String($"vault://{id}/api_key"))]
                    : changes
            );
        }

        if (change.MakeDefault)
        {
            SetDefault(new ModelChoice(id), small: false);
        }
        if (change.MakeDefaultSmall)
        {
            SetDefault(new ModelChoice(id), small: true);
        }
        return id;
    }

    /// <summary>Gets fields that a file needs after a rename: an external program receives the provider's name.</summary>
    public static IReadOnlyList<(IReadOnlyList<string> Path, string Value)> ImpliedFields(FileCodex codex) =>
        ProviderKinds.Find(codex.Values.GetString("provider_type") ?? ProviderKinds.Default)?.Capabilities
            is { IsUserProgram: true, IsAgent: false }
        && codex.Values.GetObject("additional_auth")?.Has("provider") != true
            ? [(["additional_auth", "provider"], codex.Id)]
            : [];

    public void SetDefault(ModelChoice choice, bool small) =>
        UserConfig.SetChoice(paths, small ? UserConfig.DefaultSmallKey : UserConfig.DefaultLargeKey, choice);

    public void Delete(string id)
    {
        files.Delete(id);
        if (DefaultLarge?.ProviderId == id)
        {
            UserConfig.SetChoice(paths, UserConfig.DefaultLargeKey, null);
        }
        if (DefaultSmall?.ProviderId == id)
        {
            UserConfig.SetChoice(paths, UserConfig.DefaultSmallKey, null);
        }
    }

    /// <summary>Gets the values to write, in order; null removes a field.</summary>
    private (string Name, ProviderKind Kind, IReadOnlyList<(string Field, Json5Node? Value)> Changes) Changes(
        ProviderChange change,
        ProviderSettings? from,
        FileCodex? existing
    )
    {
        var vendor = Vendor(change.CatalogProvider);
        var kindId =
            change.Kind is { Length: > 0 } named ? named
            : vendor is not null && existing is null ? CatalogTypes.KindOf(vendor.Id, vendor.Type, out _)
            : from?.Kind
                ?? throw new FailureException(FailureKind.MissingField, "Give the kind of provider, or the id of one in the catalog.");
        var kind =
            ProviderKinds.Find(kindId)
            ?? throw new FailureException(
                FailureKind.MissingField,
                $"There is no kind of provider named {kindId}.{NearestName.Hint(kindId, ProviderKinds.All)}"
            );
        var name = change.Name is { Length: > 0 } own ? own : from?.Name ?? vendor?.Name ?? kind.Name;

        List<(string Field, Json5Node? Value)> changes = [];
        if (existing?.Values.GetString("name") != name)
        {
            changes.Add(("name", new Json5String(name)));
        }
        if (existing?.Values.GetString("provider_type") != kind.Id)
        {
            changes.Add(("provider_type", new Json5String(kind.Id)));
        }
        Add(changes, "catalog_provider", change.CatalogProvider);
        Add(
            changes,
            "endpoint",
            change.Endpoint
                ?? (
                    from?.Endpoint is null && kind.TakesEndpoint && Address(vendor) is { } address && address != kind.DefaultEndpoint
                        ? address
                        : null
                )
        );
        Add(changes, "model", change.Model);
        if (change.Enabled is { } on)
        {
            changes.Add(("enabled", new Json5Boolean(on)));
        }
        foreach (var (field, json) in change.Fields)
        {
            changes.RemoveAll(earlier => earlier.Field == field);
            changes.Add((field, json is null ? null : Value(field, json)));
        }

        var endpoint = changes.Any(field => field.Field == "endpoint")
            ? (changes.First(field => field.Field == "endpoint").Value as Json5String)?.Value
            : from?.Endpoint?.ToString();
        if (kind.NeedsEndpoint && string.IsNullOrWhiteSpace(endpoint))
        {
            throw new FailureException(
                FailureKind.MissingField,
                $"A provider of the kind {kind.Name} needs an address, such as {kind.ExampleEndpoint}."
            );
        }

        if (
            !string.IsNullOrWhiteSpace(endpoint)
            && !(Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
        )
        {
            throw new FailureException(
                FailureKind.MissingField,
                "The endpoint is not an http or https address. Correct it; nothing was changed."
            );
        }

        return (name, kind, changes);
    }

    /// <summary>Gets all fields of a new file. A provider that was detected on this machine keeps the detected values.</summary>
    private static IEnumerable<(string, Json5Node)> Initial(
        string id,
        ProviderKind kind,
        IReadOnlyList<(string Field, Json5Node? Value)> changes,
        ProviderSettings? from
    )
    {
        List<(string Field, Json5Node? Value)> values = [.. changes];
        void Keep(string field, string? value)
        {
            if (value is { Length: > 0 } && values.All(other => other.Field != field))
            {
                values.Add((field, new Json5String(value)));
            }
        }

        Keep("catalog_provider", from?.CatalogProvider);
        Keep("endpoint", from?.Endpoint?.ToString());
        Keep("model", from?.Model);
        Keep("command", from?.Command);
        if (from?.Arguments is { Count: > 0 } arguments && values.All(other => other.Field != "arguments"))
        {
            values.Add(("arguments", new Json5Array([.. arguments.Select(one => new Json5String(one))])));
        }
        Keep(KeyField, from?.ApiKeyRef ?? (WantsKey(kind, changes) ? $"vault://{id}/api_key" : null));
        return values.Where(field => field.Value is not null).Select(field => (field.Field, field.Value!));
    }

    /// <summary>True if its key should be in the vault.</summary>
    private static bool WantsKey(ProviderKind kind, IReadOnlyList<(string Field, Json5Node? Value)> changes) =>
        (
            changes.FirstOrDefault(field => field.Field == "auth_type").Value is Json5String { Value: var name }
            && ProviderKinds.AuthTypesByName.TryGetValue(name, out var type)
                ? type
                : kind.AuthTypes[0]
        ) == Providers.AuthType.ApiKey;

    private static void Add(List<(string, Json5Node?)> changes, string field, string? value)
    {
        if (value is not null)
        {
            changes.Add((field, value.Length == 0 ? null : new Json5String(value)));
        }
    }

    private static Json5Node Value(string field, string json) =>
        Json5Reader.Read(json) is { IsValid: true, Root: { } root }
            ? root
            : throw new FailureException(FailureKind.MissingField, $"The value of `{field}` could not be read.");

    private CatalogProvider? Vendor(string? id)
    {
        if (string.IsNullOrEmpty(id) || catalog is null)
        {
            return null;
        }

        return catalog.Find(id)
            ?? throw new FailureException(FailureKind.NotFound, $"There is no {id} in the catalog.{NearestName.Hint(id, catalog.Ids)}");
    }

    /// <summary>Gets the vendor's address; null for <c>$NAME</c>, which stands for the vendor's default host.</summary>
    private static string? Address(CatalogProvider? vendor) =>
        vendor?.ApiEndpoint is { Length: > 0 } endpoint && endpoint[0] != '$' && Uri.TryCreate(endpoint, UriKind.Absolute, out _)
            ? endpoint
            : null;

    private ConfiguredProvider Configured(FileCodex codex, Template? template) => read.GetValue(codex, unread => Read(unread, template));

    private static ConfiguredProvider Read(FileCodex codex, Template? template)
    {
        var values = template?.WithDefaults(codex.Values) ?? codex.Values;
        // Only values in the file itself are sent; a template's default, such as a temperature, would break models that reject it.
        var own = codex.Values;
        var settings = new ProviderSettings
        {
            Id = codex.Id,
            Name = values.GetString("name") ?? codex.Id,
            Kind = values.GetString("provider_type") ?? ProviderKinds.Default,
            Enabled = values.GetBoolean("enabled") ?? true,
            Endpoint = Uri.TryCreate(values.GetString("endpoint"), UriKind.Absolute, out var endpoint) ? endpoint : null,
            Model = values.GetString("model"),
            CatalogProvider = values.GetString("catalog_provider"),
            // A literal key is an error in the file and is neither sent nor shown.
            ApiKeyRef = values.GetString(KeyField)?.Trim() is { } reference && SecretReference.IsReference(reference) ? reference : null,
            CliPath = values.GetString("cli_path"),
            MaxTurns = own.GetInteger("max_turns"),
            UsesOwnSettings = own.GetBoolean("own_settings") ?? false,
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
            ModelPrices = Prices(own),
            Command = own.GetString("command"),
            Arguments = own.GetStrings("arguments"),
            Environment = own.GetStringMap("environment"),
            UsesSandbox = own.GetBoolean("sandbox") ?? true,
            WritableFolders = own.GetStrings("writable_folders"),
            SessionMode = own.GetString("session_mode") is { Length: > 0 } mode ? mode : null,
            PassesMcpServers = own.GetBoolean("pass_mcp_servers") ?? false,
            SupportsStreaming = values.GetBoolean("supports_streaming") ?? true,
            Auth = own.GetString("auth_type") is { } auth && ProviderKinds.AuthTypesByName.TryGetValue(auth, out var type) ? type : null,
        };
        return new ConfiguredProvider(settings, Fault(codex)) { Description = own.GetString("description"), File = codex.Path };
    }

    /// <summary>Gets the user's prices. A model without both prices is omitted.</summary>
    private static Dictionary<string, Price> Prices(Json5Object own)
    {
        Dictionary<string, Price> prices = new(StringComparer.Ordinal);
        foreach (var member in own.GetObject("model_prices")?.Members ?? [])
        {
            if (
                member.Value is Json5Object price
                && Plausible(price.GetNumber("input")) is { } input
                && Plausible(price.GetNumber("output")) is { } output
            )
            {
                prices[member.Name] = new Price(
                    input,
                    output,
                    Plausible(price.GetNumber("cache_read")),
                    Plausible(price.GetNumber("cache_write"))
                );
            }
        }

        return prices;
    }

    private static decimal? Plausible(double? price) => price is >= 0 and <= MaxPrice ? (decimal)price.Value : null;

    private static ProviderFault? Fault(FileCodex codex)
    {
        if (ProviderRegistry.IsReserved(codex.Id))
        {
            return new ProviderFault(
                codex.Path,
                1,
                1,
                $"{codex.Id} is reserved for the default provider. Rename the file.",
                HoldsSecret: false
            );
        }

        var holdsSecret = codex.Problems.Any(problem => problem.IsSecret);
        return codex.Problems.FirstOrDefault(problem => problem.IsError) is { } first
            ? new ProviderFault(codex.Path, first.Line, first.Column, first.Message, holdsSecret)
            : null;
    }

    private string FreeId(string name)
    {
        var id = NotInAnId().Replace(name.ToLowerInvariant(), "-").Trim('-');
        if (!CodexUri.TryOf(CodexCollection.Providers, id, out _))
        {
            id = "provider";
        }
        var free = id;
        for (var number = 2; ProviderRegistry.IsReserved(free) || files.Get(free) is not null; number++)
        {
            free = $"{id}-{number}";
        }
        return free;
    }

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotInAnId();
}
