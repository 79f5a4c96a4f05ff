using System.Globalization;
using System.Text.Json;

namespace Plue.Server.Catalog;

/// <summary>A problem in a catalog.</summary>
/// <param name="Path">The path to the field, such as <c>models[2].context_window</c>; empty for the whole document.</param>
/// <param name="IsError">A catalog with errors cannot be used; warnings do not prevent its use.</param>
/// <param name="Message">One sentence for the user.</param>
internal sealed record CatalogFault(string Path, bool IsError, string Message)
{
    public override string ToString() => Path.Length == 0 ? Message : $"{Path}: {Message}";
}

/// <param name="Provider">The part that could be read; null if there is none.</param>
internal sealed record CatalogReading(CatalogProvider? Provider, IReadOnlyList<CatalogFault> Faults)
{
    public bool HasErrors => Faults.Any(fault => fault.IsError);
}

/// <summary>
/// Reads and validates a provider in the Catwalk format. Does not throw for any JSON. Unknown fields are ignored; they are preserved because the document
/// itself is stored.
/// </summary>
internal static class CatalogReader
{
    /// <summary>A model with this id represents all models that the server lists.</summary>
    private const string AnyModel = "";

    /// <param name="knownTypes">The types that Plue supports; null disables the check.</param>
    public static CatalogReading Read(JsonElement document, IReadOnlySet<string>? knownTypes = null)
    {
        if (document.ValueKind != JsonValueKind.Object)
        {
            return Invalid("A catalog must be a JSON object.");
        }

        if (!IsReadable(document))
        {
            return Invalid(NotUnicode);
        }

        List<CatalogFault> faults = [];
        var fields = new Fields(document, "", faults);
        var models = fields.Objects("models").Select(Model).ToList();
        var listed = models.Where(model => model.Id != AnyModel).ToList();
        var (large, small) = (fields.Text("default_large_model_id"), fields.Text("default_small_model_id"));
        var provider = new CatalogProvider
        {
            Id = fields.Required("id"),
            Name = fields.Required("name"),
            Type = fields.Text("type") ?? "",
            ApiKey = fields.Text("api_key"),
            ApiEndpoint = fields.Text("api_endpoint"),
            DefaultHeaders = fields.TextMap("default_headers"),
            DefaultLargeModelId = KnownModelId(large, listed),
            DefaultSmallModelId = KnownModelId(small, listed),
            Models = listed,
        };
        CatalogRules.Check(provider, models, large, small, knownTypes, faults);
        return new CatalogReading(provider, faults);
    }

    internal const string NotUnicode = "The catalog contains text that is not valid Unicode.";

    /// <summary>True if all strings are valid. The JSON reader validates a string only when it is read, and throws then.</summary>
    internal static bool IsReadable(JsonElement document)
    {
        try
        {
            ReadEveryText(document);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static CatalogReading Invalid(string why) => new(null, [new CatalogFault("", IsError: true, why)]);

    /// <summary>Returns the id, or the first model for an unknown one: the default models of some vendors are not in their lists.</summary>
    private static string? KnownModelId(string? id, List<CatalogModel> models) =>
        id is null || models.Any(model => model.Id == id) ? id : models.FirstOrDefault()?.Id;

    private static CatalogModel Model(Fields fields) =>
        new()
        {
            Id = fields.Text("id", keepEmpty: true) ?? "",
            Name = fields.Text("name", keepEmpty: true) ?? "",
            CostPer1mIn = fields.Number("cost_per_1m_in") ?? 0,
            CostPer1mOut = fields.Number("cost_per_1m_out") ?? 0,
            CostPer1mInCached = fields.Number("cost_per_1m_in_cached") ?? 0,
            CostPer1mOutCached = fields.Number("cost_per_1m_out_cached") ?? 0,
            ContextWindow = fields.Integer("context_window") ?? 0,
            DefaultMaxTokens = fields.Integer("default_max_tokens") ?? 0,
            CanReason = fields.Flag("can_reason") ?? false,
            ReasoningLevels = fields.Texts("reasoning_levels"),
            // The second spelling is used in old files.
            DefaultReasoningEffort = fields.Text("default_reasoning_effort") ?? fields.Text("reasoning_effort"),
            SupportsAttachments = fields.Flag("supports_attachments") ?? false,
            Options = fields.Object("options") is { } options ? Options(options) : null,
        };

    private static CatalogOptions Options(Fields fields) =>
        new()
        {
            Temperature = fields.Number("temperature"),
            TopP = fields.Number("top_p"),
            TopK = fields.Integer("top_k"),
            FrequencyPenalty = fields.Number("frequency_penalty"),
            PresencePenalty = fields.Number("presence_penalty"),
            ProviderOptions = fields.Object("provider_options")?.Json,
        };

    private static void ReadEveryText(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    ReadEveryText(item);
                }
                break;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    _ = member.Name;
                    ReadEveryText(member.Value);
                }

                break;
        }
    }

    /// <summary>The fields of an object. A field of the wrong type is reported and treated as missing; null is treated as missing, too.</summary>
    private sealed class Fields
    {
        private readonly JsonElement element;
        private readonly string path;
        private readonly List<CatalogFault> faults;

        public Fields(JsonElement element, string path, List<CatalogFault> faults)
        {
            (this.element, this.path, this.faults) = (element, path, faults);
            HashSet<string> seen = new(StringComparer.Ordinal);
            foreach (var member in element.EnumerateObject())
            {
                if (!seen.Add(member.Name))
                {
                    Report(member.Name, "This is defined twice. Remove one.");
                }
            }
        }

        public string Json => element.GetRawText();

        public string Required(string name)
        {
            var text = Text(name);
            if (text is null && !IsThere(name))
            {
                Report(name, "This is missing.");
            }
            return text ?? "";
        }

        /// <param name="keepEmpty">False to treat an empty text as missing.</param>
        public string? Text(string name, bool keepEmpty = false)
        {
            if (Find(name) is not { } value)
            {
                return null;
            }
            if (value.ValueKind == JsonValueKind.String)
            {
                return value.GetString() is { } text && (keepEmpty || text.Length > 0) ? text : null;
            }

            Report(name, "This must be a string.");
            return null;
        }

        public bool? Flag(string name)
        {
            if (Find(name) is not { } value)
            {
                return null;
            }
            if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            {
                return value.GetBoolean();
            }

            Report(name, "This must be true or false.");
            return null;
        }

        public decimal? Number(string name)
        {
            if (Find(name) is not { } value)
            {
                return null;
            }
            if (value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number))
            {
                return number;
            }

            Report(name, "This must be a number.");
            return null;
        }

        public long? Integer(string name)
        {
            if (Find(name) is not { } value)
            {
                return null;
            }
            if (
                value.ValueKind == JsonValueKind.Number
                && value.TryGetDecimal(out var number)
                && number == decimal.Truncate(number)
                && number is >= 0 and <= long.MaxValue
            )
            {
                return (long)number;
            }

            Report(name, "This must be a whole number, 0 or more.");
            return null;
        }

        public IReadOnlyList<string>? Texts(string name)
        {
            if (Find(name) is not { } value)
            {
                return null;
            }
            if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String))
            {
                return [.. value.EnumerateArray().Select(item => item.GetString() ?? "")];
            }

            Report(name, "This must be a list of strings.");
            return null;
        }

        public IReadOnlyDictionary<string, string> TextMap(string name)
        {
            var map = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var member in Object(name)?.element.EnumerateObject() ?? default)
            {
                if (member.Value.ValueKind == JsonValueKind.String)
                {
                    map[member.Name] = member.Value.GetString() ?? "";
                }
                else
                {
                    Report($"{name}.{member.Name}", "This must be a string.");
                }
            }

            return map;
        }

        public Fields? Object(string name)
        {
            if (Find(name) is not { } value)
            {
                return null;
            }
            if (value.ValueKind == JsonValueKind.Object)
            {
                return new Fields(value, $"{path}{name}.", faults);
            }

            Report(name, "This must be an object.");
            return null;
        }

        /// <summary>Returns the objects of a list. An item of another type is reported and returned as an empty object, so that indexes stay correct.</summary>
        public IEnumerable<Fields> Objects(string name)
        {
            if (Find(name) is not { } value)
            {
                yield break;
            }
            if (value.ValueKind != JsonValueKind.Array)
            {
                Report(name, "This must be a list.");
                yield break;
            }

            var index = 0;
            foreach (var item in value.EnumerateArray())
            {
                var place = string.Create(CultureInfo.InvariantCulture, $"{name}[{index++}]");
                if (item.ValueKind == JsonValueKind.Object)
                {
                    yield return new Fields(item, $"{path}{place}.", faults);
                }
                else
                {
                    Report(place, "This must be an object.");
                    yield return new Fields(NoFields, $"{path}{place}.", faults);
                }
            }
        }

        private static readonly JsonElement NoFields = JsonElement.Parse("{}");

        private bool IsThere(string name) => Find(name) is { ValueKind: not JsonValueKind.String };

        private JsonElement? Find(string name) =>
            element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

        private void Report(string name, string message) => faults.Add(new CatalogFault(path + name, IsError: true, message));
    }
}
