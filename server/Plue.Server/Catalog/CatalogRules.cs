using System.Globalization;
using System.Text.Json;

namespace Plue.Server.Catalog;

/// <summary>Validates the content of a readable catalog.</summary>
internal static class CatalogRules
{
    private const decimal ImplausiblePrice = 1_000;

    /// <summary>In USD per million tokens. With a higher price, a cost could exceed the range of a decimal.</summary>
    private const decimal HighestPrice = 1_000_000_000;
    private const long MinContextWindow = 1_024;
    private static readonly string[] SecretHeaders = ["authorization", "api-key", "apikey", "token", "secret", "cookie", "password"];

    /// <param name="models">The models in the file, including the placeholder for a self-hosted server.</param>
    public static void Check(
        CatalogProvider provider,
        IReadOnlyList<CatalogModel> models,
        string? large,
        string? small,
        IReadOnlySet<string>? knownTypes,
        List<CatalogFault> faults
    )
    {
        void Error(string path, string message) => faults.Add(new CatalogFault(path, IsError: true, message));
        void Warning(string path, string message) => faults.Add(new CatalogFault(path, IsError: false, message));

        if (provider.Id.Length > 0 && !CatalogId.IsValid(provider.Id))
        {
            Error("id", CatalogId.Rule);
        }
        HashSet<string> reported = [.. faults.Select(fault => fault.Path)];
        if (knownTypes?.Contains(provider.Type) == false && !reported.Contains("type"))
        {
            Warning("type", $"The type `{provider.Type}` is unknown and is treated as an OpenAI-compatible server.");
        }
        if (provider.ApiKey is { } key && !IsVariable(key))
        {
            Error(
                "api_key",
                "Use the name of an environment variable, such as $ACME_API_KEY. A catalog must not contain a key. Store the key in the vault."
            );
        }
        CheckEndpoint(provider.ApiEndpoint, Error, Warning);
        CheckHeaders(provider.DefaultHeaders, Error);

        if (models.Count == 0 && !reported.Contains("models"))
        {
            Error("models", "The catalog has no models. Add at least one.");
        }
        // A file for a self-hosted server has one model without a name, which represents all models that the server lists.
        var isPlaceholder =
            models.Count == 1
            && models[0].Id.Length == 0
            && models[0].Name.Length == 0
            && !reported.Any(path => path.StartsWith("models[", StringComparison.Ordinal));
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (var index = 0; index < models.Count && !isPlaceholder; index++)
        {
            var (model, path) = (models[index], string.Create(CultureInfo.InvariantCulture, $"models[{index}]."));
            if (reported.Contains(path[..^1]))
            {
                continue;
            }
            if (model.Id.Length == 0)
            {
                if (!reported.Contains(path + "id"))
                {
                    Error(path + "id", "This is missing.");
                }
            }
            else if (!seen.Add(model.Id))
            {
                Error(path + "id", $"The id `{model.Id}` is used twice. Use a unique id for each model.");
            }

            if (model.Name.Length == 0 && !reported.Contains(path + "name"))
            {
                Error(path + "name", "This is missing.");
            }
            CheckPrices(model, path, Error, Warning);
            if (model.ContextWindow is > 0 and < MinContextWindow)
            {
                Warning(path + "context_window", "This is less than 1,024 tokens, which is implausibly small.");
            }
            if (model.ContextWindow > 0 && model.DefaultMaxTokens >= model.ContextWindow)
            {
                Warning(
                    path + "default_max_tokens",
                    "This leaves no space for the prompt in the context window. Half of the context window is used."
                );
            }
        }

        foreach (var (path, id) in new[] { ("default_large_model_id", large), ("default_small_model_id", small) })
        {
            if (id is not null && !seen.Contains(id))
            {
                Warning(path, $"`{id}` is not in the list of models. The first model of the list is used.");
            }
        }
    }

    private static void CheckPrices(CatalogModel model, string path, Action<string, string> error, Action<string, string> warning)
    {
        foreach (
            var (name, price) in new[]
            {
                ("cost_per_1m_in", model.CostPer1mIn),
                ("cost_per_1m_out", model.CostPer1mOut),
                ("cost_per_1m_in_cached", model.CostPer1mInCached),
                ("cost_per_1m_out_cached", model.CostPer1mOutCached),
            }
        )
        {
            if (price < 0)
            {
                error(path + name, "A price cannot be negative.");
            }
            else if (price > HighestPrice)
            {
                error(path + name, "This is not a plausible price.");
            }
            else if (price > ImplausiblePrice)
            {
                warning(
                    path + name,
                    "This is more than 1,000 USD per million tokens. Enter prices per million tokens, not per thousand or per token."
                );
            }
        }
    }

    private static void CheckEndpoint(string? endpoint, Action<string, string> error, Action<string, string> warning)
    {
        if (endpoint is null || IsVariable(endpoint))
        {
            return;
        }
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
        {
            error(
                "api_endpoint",
                "This must be an address that begins with https:// or http://, or the name of an environment variable, such as $ACME_ENDPOINT."
            );
        }
        else if (url.UserInfo.Length > 0)
        {
            error("api_endpoint", "An address in a catalog must not contain a user name or password.");
        }
        else if (url.Scheme == "http" && !url.IsLoopback)
        {
            warning("api_endpoint", "Requests to this address are not encrypted. Use https.");
        }
    }

    private static void CheckHeaders(IReadOnlyDictionary<string, string> headers, Action<string, string> error)
    {
        foreach (var (name, value) in headers)
        {
            var path = $"default_headers.{name}";
            if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            {
                error(path, "This is not a valid header name.");
            }
            else if (value.Any(char.IsControl))
            {
                error(path, "The value of a header must be one line.");
            }
            else if (IsSecretHeader(name))
            {
                error(path, "A catalog must not contain a key. Store it in the vault.");
            }
        }
    }

    internal static bool IsSecretHeader(string name) => SecretHeaders.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>True if a field of a provider contains, or could contain, a secret.</summary>
    internal static bool IsSecretField(JsonProperty field) =>
        field.Name switch
        {
            "api_key" => field.Value.ValueKind != JsonValueKind.String
                || !(field.Value.GetString() is { } key && (key.Length == 0 || IsVariable(key))),
            "api_endpoint" => field.Value.ValueKind == JsonValueKind.String
                && field.Value.GetString() is { } text
                && text.Contains('@', StringComparison.Ordinal),
            _ => false,
        };

    /// <summary>True for <c>$NAME</c>.</summary>
    internal static bool IsVariable(string text) =>
        text is ['$', .. { Length: > 0 } name] && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
