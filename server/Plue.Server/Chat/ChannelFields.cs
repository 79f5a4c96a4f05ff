using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>
/// Maps template field names to the fields of a chat or task. Names with a fixed field are stored there; all other fields are values, which are checked against
/// the template before they are stored.
/// </summary>
internal static class ChannelFields
{
    public const string Messages = "messages";
    private const string Title = "title";
    private const string ProviderRef = "provider_ref";
    private const string Tags = "tags";
    private const string ContextFiles = "context_files";
    private const int MaxTagLength = 64;
    private const int MaxPathLength = 4096;
    private const int MaxItems = 200;
    private const int MaxValueLength = 256 * 1024; // characters of JSON

    private static readonly string[] Names =
    [
        Title,
        ProviderRef,
        "model",
        "temperature",
        "max_tokens",
        "stop_sequences",
        "reasoning_level",
        Tags,
        "pinned",
        "archived",
        ContextFiles,
    ];

    private static readonly string[] Lists = [Messages, Tags, ContextFiles, "stop_sequences"];

    /// <summary>Stored when the codex is created. Other fields use the template's default until they are set.</summary>
    private static readonly string[] Copied = [Title, ProviderRef, "model", Tags, ContextFiles];

    /// <param name="template">Null if it is missing or invalid; only the built-in fields can then be set.</param>
    /// <exception cref="FailureException">MissingField: the field does not exist or cannot have the value. PermissionDenied: a literal secret.</exception>
    public static ChatFields Set(ChatFields fields, string name, JsonElement value, StoredChat chat, Template? template)
    {
        var options = fields.Options ?? chat.Options;
        var isNull = value.ValueKind == JsonValueKind.Null;
        switch (name)
        {
            case Title:
                return fields with { Title = Text(name, value) ?? "" };
            case ProviderRef:
                return SetProviders(fields, name, value);
            case "model":
                return fields with { Model = Text(name, value) ?? "" };
            case "temperature":
                return fields with { Options = options with { Temperature = isNull ? null : Number(name, value) } };
            case "max_tokens":
                return fields with { Options = options with { MaxTokens = isNull ? null : Whole(name, value) } };
            case "stop_sequences":
                return fields with { Options = options with { StopSequences = isNull ? null : Texts(name, value) } };
            case "reasoning_level":
                return fields with
                {
                    Options = options with { ReasoningLevel = Text(name, value) is { Length: > 0 } level ? level : null },
                };
            case Tags:
                return fields with { Tags = isNull ? [] : TagsOf(Texts(name, value)) };
            case ContextFiles:
                return fields with { ContextFiles = isNull ? [] : FilesOf(Texts(name, value)) };
            case "pinned":
                return fields with { Pinned = !isNull && Boolean(name, value) };
            case "archived":
                return fields with { Archived = !isNull && Boolean(name, value) };
            case Messages:
                throw Wrong("Messages of a chat can only be added: put them in `append`.");
            case TaskStates.Field when chat.IsTask && value.ValueKind == JsonValueKind.String && value.ValueEquals(TaskStates.Running):
                throw Wrong("The status `running` cannot be set. Send the task a message to continue it.");
            default:
                return SetOwn(fields, name, value, chat, template);
        }
    }

    /// <exception cref="FailureException">As for <see cref="Set"/>; also if the field is not a list.</exception>
    public static ChatFields Append(ChatFields fields, string name, JsonElement value, StoredChat chat, Template? template)
    {
        var options = fields.Options ?? chat.Options;
        return name switch
        {
            Messages => fields,
            Tags => fields with { Tags = TagsOf([.. fields.Tags ?? chat.Tags, .. Texts(name, value)]) },
            ContextFiles => fields with { ContextFiles = FilesOf([.. fields.ContextFiles ?? chat.ContextFiles, .. Texts(name, value)]) },
            "stop_sequences" => fields with
            {
                Options = options with { StopSequences = [.. options.StopSequences ?? [], .. Texts(name, value)] },
            },
            _ when Names.Contains(name) => throw Wrong($"`{name}` is not a list: put it in `set`."),
            _ when template?.Field(name) is { Type: FieldType.Array } => SetOwn(
                fields,
                name,
                Json5Conversion.Of(Longer(fields, name, value, chat, template)),
                chat,
                template
            ),
            _ when template?.Field(name) is not null => throw Wrong($"`{name}` is not a list: put it in `set`."),
            _ => throw Wrong(
                $"A {(chat.IsTask ? "task" : "chat")} has no list `{name}`.{NearestName.Hint(name, Lists.Concat(OwnNames(template)))}"
            ),
        };
    }

    /// <summary>Checks a change as a whole: the limits of the options, and the template's constraints on built-in fields.</summary>
    /// <param name="given">The fields that were set.</param>
    public static void Check(ChatFields fields, IReadOnlyDictionary<string, JsonElement>? given, Template? template)
    {
        Check(fields.Options);
        if (template is null || given is null)
        {
            return;
        }

        FieldCheck.ThrowIfInvalid(
            template,
            [
                .. given
                    .Where(pair => pair.Key != ProviderRef && Names.Contains(pair.Key) && template.Field(pair.Key) is not null)
                    .Select(pair => (pair.Key, Json5Conversion.ToJson5(pair.Value))),
            ]
        );
    }

    /// <summary>Gets the initial fields of a codex: the given values, and the defaults that are stored with it.</summary>
    /// <param name="refusal">What failed, as the first sentence of the error message.</param>
    /// <exception cref="FailureException">
    /// MissingField: a required field is missing, or a field cannot have the value. PermissionDenied: a literal secret.
    /// </exception>
    public static ChatFields Begin(
        ChannelKind kind,
        Template template,
        ChatFields fields,
        IReadOnlyDictionary<string, JsonElement> values,
        string refusal = "Nothing was created."
    )
    {
        var begun = WithDefaults(kind, template, fields, values.Keys);
        foreach (var (name, value) in values)
        {
            begun = Set(begun, name, value, Empty(kind, template), template);
        }

        Check(begun, values, template);
        CheckRequired(template, begun, values, refusal);
        return kind == ChannelKind.Task ? begun with { Values = WithIsolation(WithStatus(begun.Values, template), template) } : begun;
    }

    /// <summary>Stores the isolation of the template with the task: a later change of the template must not move it to another folder.</summary>
    private static Dictionary<string, JsonElement> WithIsolation(IReadOnlyDictionary<string, JsonElement> values, Template template)
    {
        var all = values.ToDictionary(StringComparer.Ordinal);
        if (template.Default(StoredChat.IsolationField) is { } isolation and not Json5Null)
        {
            all.TryAdd(StoredChat.IsolationField, Json5Conversion.Of(isolation));
        }

        return all;
    }

    /// <summary>
    /// Changes the template of a chat without messages. Values that the user set are kept if the new template allows them; everything else is as in a new chat.
    /// </summary>
    /// <param name="from">The previous template; null if it is missing or invalid.</param>
    /// <param name="usual">The model of a new chat if the template has none.</param>
    /// <param name="title">Null keeps the title.</param>
    /// <param name="given">Values for fields of the new template.</param>
    /// <exception cref="FailureException">As for <see cref="Begin"/>.</exception>
    public static ChatFields ChangeTemplate(
        StoredChat chat,
        Template? from,
        Template to,
        ModelChoice usual,
        string? title,
        IReadOnlyDictionary<string, JsonElement> given
    )
    {
        var start = WithDefaultModel(from is null ? ChatFields.None : WithDefaults(ChannelKind.Chat, from, ChatFields.None, []), usual);
        Dictionary<string, JsonElement> kept = [];
        foreach (var (name, value) in chat.Values)
        {
            kept[name] = value;
        }
        if (!chat.Tags.SequenceEqual(start.Tags ?? []))
        {
            kept[Tags] = TextsValue(chat.Tags);
        }
        if (!chat.ContextFiles.SequenceEqual(start.ContextFiles ?? []))
        {
            kept[ContextFiles] = TextsValue(chat.ContextFiles);
        }

        var values = kept.Where(pair => Allows(to, pair.Key, pair.Value)).ToDictionary(StringComparer.Ordinal);
        foreach (var (name, value) in given)
        {
            values[name] = value;
        }

        var isChosen =
            chat.ProviderId is { Length: > 0 } provider
            && (provider, chat.Model ?? "") != (start.ProviderId ?? "", start.Model ?? "")
            && (to.Field(ProviderRef) is null || Allows(to, ProviderRef, TextValue($"codex://providers/{provider}")))
            && (chat.Model is not { } model || to.Field("model") is null || Allows(to, "model", TextValue(model)));
        var own = chat.HasTitle && chat.Title != start.Title ? chat.Title : null;
        var fields = new ChatFields(title ?? own, null, isChosen ? chat.ProviderId : null, isChosen ? chat.Model : null);
        var begun = WithDefaultModel(Begin(ChannelKind.Chat, to, fields, values, "The template was not changed."), usual);
        var removed = chat.Values.Keys.Where(name => begun.Values?.ContainsKey(name) != true);
        return begun with
        {
            TemplateId = to.Id,
            Title = begun.Title ?? "",
            Model = begun.Model ?? "",
            Tags = begun.Tags ?? [],
            ContextFiles = begun.ContextFiles ?? [],
            Values = Nulls(removed).Concat(begun.Values ?? StoredChat.NoValues).ToDictionary(StringComparer.Ordinal),
        };
    }

    /// <summary>Gets values that remove these fields.</summary>
    public static IEnumerable<KeyValuePair<string, JsonElement>> Nulls(IEnumerable<string> names) =>
        names.Select(name => KeyValuePair.Create(name, Json5Conversion.Of(new Json5Null())));

    private static ChatFields WithDefaultModel(ChatFields fields, ModelChoice usual) =>
        string.IsNullOrEmpty(fields.ProviderId)
            ? fields with
            {
                ProviderId = usual.ProviderId,
                Model = string.IsNullOrEmpty(fields.Model) ? usual.Model : fields.Model,
            }
            : fields;

    private static bool Allows(Template template, string name, JsonElement value)
    {
        if (template.Field(name) is null || Json5Conversion.ToJson5(value) is not { } node)
        {
            return false;
        }

        var alone = template with { Fields = [.. template.Fields.Select(field => field with { Required = false })] };
        return !TemplateValidation.Check(alone, Json5Object.Of((name, node))).Any(problem => problem.IsError);
    }

    private static JsonElement TextValue(string text) => Json5Conversion.Of(new Json5String(text));

    private static JsonElement TextsValue(IEnumerable<string> texts) =>
        Json5Conversion.Of(Json5Array.Of(texts.Select(text => (Json5Node)new Json5String(text))));

    /// <summary>Adds the defaults that are stored with a codex, for fields without a value.</summary>
    private static ChatFields WithDefaults(ChannelKind kind, Template template, ChatFields fields, IEnumerable<string> given)
    {
        var begun = fields;
        foreach (var name in Copied.Where(name => !IsGiven(fields, name) && !given.Contains(name)))
        {
            if (template.Default(name) is { } value and not (Json5Null or Json5Array { Items.Count: 0 }))
            {
                begun = Set(begun, name, Json5Conversion.Of(value), Empty(kind, template), template);
            }
        }

        return begun;
    }

    private static StoredChat Empty(ChannelKind kind, Template template) =>
        new()
        {
            Id = kind.Prefix + new string('0', 32),
            TemplateId = template.Id,
            Title = "",
            Archived = false,
            ProviderId = null,
            Model = null,
            CreatedAt = default,
            UpdatedAt = default,
            TotalCost = null,
            Status = ChatStatus.Idle,
            IsTask = kind == ChannelKind.Task,
        };

    /// <summary>Gets all field values, including defaults of the template.</summary>
    /// <param name="next">A message that is about to be added.</param>
    public static Json5Object Values(StoredChat chat, Template template, Message? next = null) =>
        template.WithDefaults(new Json5Object([.. ChatValues.PromptValues(chat, next).Members, .. ChatValues.Own(chat).Members]));

    private static bool IsGiven(ChatFields fields, string name) =>
        name switch
        {
            Title => fields.Title is { Length: > 0 },
            ProviderRef => fields.ProviderId is not null,
            // The template's model belongs to the template's provider.
            "model" => fields.Model is not null || fields.ProviderId is not null,
            _ => false,
        };

    private static void CheckRequired(Template template, ChatFields fields, IReadOnlyDictionary<string, JsonElement> values, string refusal)
    {
        List<(string Name, Json5Node Value)> all =
        [
            .. values
                .Select(pair => (pair.Key, Value: Json5Conversion.ToJson5(pair.Value)))
                .Where(pair => pair.Value is not null && template.Field(pair.Key) is not null)
                .Select(pair => (pair.Key, pair.Value!)),
        ];
        if (fields.Title is { Length: > 0 } title && template.Field(Title) is not null && !values.ContainsKey(Title))
        {
            all.Add((Title, new Json5String(title)));
        }
        if (fields.Model is { Length: > 0 } model && template.Field("model") is not null && !values.ContainsKey("model"))
        {
            all.Add(("model", new Json5String(model)));
        }

        // The provider defaults to the user's choice, and messages are added later.
        var asked = template with
        {
            Fields = [.. template.Fields.Select(field => field.Name is ProviderRef or Messages ? field with { Required = false } : field)],
        };
        var wrong =
            TemplateValidation.Check(asked, Json5Object.Of(all)).FirstOrDefault(problem => problem.IsError)?.Message
            ?? asked
                .Fields.Where(field =>
                    field.Required
                    && all.Any(pair => pair.Name == field.Name && pair.Value is Json5String text && string.IsNullOrWhiteSpace(text.Value))
                )
                .Select(field => $"`{field.Name}` is empty.")
                .FirstOrDefault();
        if (wrong is not null)
        {
            throw Wrong($"{refusal} {wrong}");
        }
    }

    private static Dictionary<string, JsonElement> WithStatus(IReadOnlyDictionary<string, JsonElement>? values, Template template)
    {
        var all = new Dictionary<string, JsonElement>(values ?? new Dictionary<string, JsonElement>(), StringComparer.Ordinal);
        all.TryAdd(TaskStates.Field, Json5Conversion.Of(template.Default(TaskStates.Field) ?? new Json5String(TaskStates.Queued)));
        return all;
    }

    private static ChatFields SetOwn(ChatFields fields, string name, JsonElement value, StoredChat chat, Template? template)
    {
        if (template?.Field(name) is null)
        {
            throw Wrong(
                $"A {(chat.IsTask ? "task" : "chat")} has no field `{name}`.{NearestName.Hint(name, Names.Concat(OwnNames(template)))}"
            );
        }
        if (value.GetRawText().Length > MaxValueLength)
        {
            throw Wrong($"`{name}` is longer than {MaxValueLength / 1024} thousand characters.");
        }

        var node = Json5Conversion.ToJson5(value);
        if (node is not null && LiteralSecrets.IsIn([name], node))
        {
            throw new FailureException(FailureKind.PermissionDenied, LiteralSecrets.Message);
        }

        FieldCheck.ThrowIfInvalid(template, [(name, node)]);
        var values = new Dictionary<string, JsonElement>(fields.Values ?? new Dictionary<string, JsonElement>(), StringComparer.Ordinal)
        {
            [name] = value.Clone(),
        };
        return fields with { Values = values };
    }

    private static Json5Array Longer(ChatFields fields, string name, JsonElement value, StoredChat chat, Template template)
    {
        var before =
            fields.Values?.TryGetValue(name, out var set) == true ? Json5Conversion.ToJson5(set)
            : chat.Values.TryGetValue(name, out var stored) ? Json5Conversion.ToJson5(stored)
            : template.Default(name);
        var more = Json5Conversion.ToJson5(value) switch
        {
            Json5Array array => array.Items,
            null => [],
            var one => [one],
        };
        return Json5Array.Of(((before as Json5Array)?.Items ?? []).Concat(more));
    }

    private static IEnumerable<string> OwnNames(Template? template) =>
        template?.Fields.Select(field => field.Name).Where(name => name != Messages) ?? [];

    /// <summary>
    /// Sets the provider and its fallbacks from a name or list. A change of the provider resets the model unless one is also set, because another provider has
    /// other models.
    /// </summary>
    private static ChatFields SetProviders(ChatFields fields, string name, JsonElement value)
    {
        var providers = value.ValueKind == JsonValueKind.Array ? Texts(name, value) : [Text(name, value) ?? ""];
        return fields with
        {
            ProviderId = ProviderOf(providers.FirstOrDefault()),
            Model = fields.Model ?? "",
            Fallbacks =
                value.ValueKind == JsonValueKind.Array
                    ? [.. providers.Skip(1).Select(provider => new ModelChoice(ProviderOf(provider)))]
                    : fields.Fallbacks,
        };
    }

    private static string ProviderOf(string? reference)
    {
        if (string.IsNullOrEmpty(reference))
        {
            return "";
        }
        if (CodexUri.TryParse(reference, out var uri) && uri.Collection == CodexCollection.Providers)
        {
            return uri.Name;
        }

        throw Wrong($"\"{reference}\" is not the URI of a provider: write codex://providers/NAME.");
    }

    private static void Check(ChatOptions? options)
    {
        if (options?.Temperature is < 0 or > 2)
        {
            throw Wrong("The temperature must be a number from 0 to 2.");
        }
        if (options?.MaxTokens is < 1)
        {
            throw Wrong("The maximum response length must be at least one token.");
        }
        if (options?.StopSequences?.Any(string.IsNullOrEmpty) == true)
        {
            throw Wrong("A stop sequence cannot be empty.");
        }
    }

    /// <exception cref="FailureException">MissingField.</exception>
    public static IReadOnlyList<string> TagsOf(IReadOnlyList<string> tags)
    {
        if (tags.Any(tag => string.IsNullOrWhiteSpace(tag) || tag.Trim().Length > MaxTagLength || tag.Any(char.IsControl)))
        {
            throw Wrong($"A tag must be one line of up to {MaxTagLength} characters.");
        }

        return Capped("tags", [.. tags.Select(tag => tag.Trim()).Distinct(StringComparer.OrdinalIgnoreCase)]);
    }

    /// <exception cref="FailureException">MissingField.</exception>
    public static IReadOnlyList<string> FilesOf(IReadOnlyList<string> paths) =>
        paths.Any(path => string.IsNullOrWhiteSpace(path) || path.Length > MaxPathLength || path.Contains('\0', StringComparison.Ordinal))
            ? throw Wrong("A context file must have a path.")
            : Capped("context files", [.. paths.Distinct(StringComparer.Ordinal)]);

    private static IReadOnlyList<string> Capped(string what, IReadOnlyList<string> items) =>
        items.Count <= MaxItems ? items : throw Wrong($"A chat can have at most {MaxItems} {what}.");

    /// <returns>Null for null.</returns>
    private static string? Text(string name, JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.String => value.GetString(),
            _ => throw Wrong($"`{name}` must be a string."),
        };

    private static double Number(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? value.GetDouble() : throw Wrong($"`{name}` must be a number.");

    private static int Whole(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : throw Wrong($"`{name}` must be a whole number.");

    private static bool Boolean(string name, JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong($"`{name}` must be true or false.");

    /// <summary>Accepts a single string as a list of one.</summary>
    private static IReadOnlyList<string> Texts(string name, JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => [value.GetString() ?? ""],
            JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            [
                .. value.EnumerateArray().Select(item => item.GetString() ?? ""),
            ],
            _ => throw Wrong($"`{name}` must be a list of strings."),
        };

    private static FailureException Wrong(string sentence) => new(FailureKind.MissingField, sentence);
}
