using System.Reflection;
using System.Text;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>The content of a parsed file.</summary>
/// <param name="IsBroken">True if the file could not be parsed completely and must not be used.</param>
internal sealed record DocumentReading(Json5Object Values, IReadOnlyList<DocumentProblem> Problems, bool IsBroken);

/// <summary>Reads and writes the files of one collection.</summary>
internal abstract class DocumentFormat(CodexCollection collection, string extension)
{
    public CodexCollection Collection { get; } = collection;

    /// <summary>The file extension, including the dot.</summary>
    public string Extension { get; } = extension;

    /// <summary>The folder for such files in a workspace's <c>.plue</c>; null if a workspace cannot have any.</summary>
    public virtual string? WorkspaceFolder => null;

    /// <summary>True if a workspace file with this name overrides the user's.</summary>
    public virtual bool WorkspaceWins(string name) => true;

    /// <summary>False for a file in the folder that is of another kind.</summary>
    public virtual bool Has(string name) => true;

    public virtual IEnumerable<string> ShippedNames => [];

    public virtual byte[]? ReadShipped(string name) => null;

    public abstract string TemplateIdOf(string name, Json5Object values);

    /// <summary>Returns the object that parsing depends on besides the file; the same instance while it is unchanged.</summary>
    public abstract object? DependsOn(Json5Object values);

    public abstract DocumentReading Read(string name, byte[] bytes);

    /// <summary>Reads a file whose parsing depends on its layer.</summary>
    public virtual DocumentReading Read(string name, byte[] bytes, TemplateLayer layer) => Read(name, bytes);

    /// <summary>Returns the text of a new file.</summary>
    /// <param name="template">The required template of the new document.</param>
    public abstract string Write(string name, string? title, string template, Json5Object values);

    /// <summary>Sets fields, or removes those whose value is null.</summary>
    public abstract Json5Edited Edit(string text, IReadOnlyList<(string Field, Json5Node? Value)> changes);

    /// <summary>The field that contains the title of a codex with these values.</summary>
    public virtual string TitleField(Json5Object values) => "name";

    /// <summary>Returns the text of a copy with another name.</summary>
    public virtual string Renamed(string text, string name) => text;

    /// <summary>Returns the text with secrets replaced, for display.</summary>
    public abstract string Redact(string text);

    /// <summary>Throws if a value cannot be written.</summary>
    /// <exception cref="FailureException">MissingField.</exception>
    public virtual void Check(string template, IReadOnlyList<(string Field, Json5Node? Value)> changes) { }

    protected static Json5Edited EditJson5(string text, IReadOnlyList<(string Field, Json5Node? Value)> changes) =>
        changes.Aggregate(
            new Json5Edited(text),
            (edited, change) =>
                edited.Error is not null ? edited
                : change.Value is { } value ? Json5Edit.Set(edited.Text, [change.Field], value)
                : Json5Edit.Remove(edited.Text, [change.Field])
        );

    protected static DocumentReading ReadJson5(byte[] bytes, Func<Json5Document, Json5Object, IEnumerable<DocumentProblem>> check)
    {
        var document = Json5Reader.Read(bytes);
        List<DocumentProblem> problems = [.. DocumentProblem.From(document), .. LiteralSecrets.Find(document)];
        if (document.Root is not Json5Object values)
        {
            if (document.Root is { } other)
            {
                problems.Add(DocumentProblem.Error($"The file contains {other.Kind} where an object was expected.", other.Span));
            }

            return new DocumentReading(Json5Object.Empty, problems, IsBroken: true);
        }

        if (document.IsValid)
        {
            problems.AddRange(check(document, values));
        }

        return new DocumentReading(values, problems, IsBroken: !document.IsValid);
    }
}

/// <summary>Files that contain the values of one template's fields.</summary>
internal sealed class ProviderFormat(TemplateCatalog templates) : DocumentFormat(CodexCollection.Providers, ".json5")
{
    public const string TemplateId = TemplateCollections.ProviderRoot;

    public override string TemplateIdOf(string name, Json5Object values) => TemplateId;

    public override object? DependsOn(Json5Object values) => templates.Find(TemplateId);

    public override DocumentReading Read(string name, byte[] bytes) =>
        ReadJson5(
            bytes,
            (_, values) =>
                templates.Find(TemplateId) is { } template
                    ? TemplateValidation.Check(template, values)
                    : [DocumentProblem.Error($"The template `{TemplateId}` is missing, so the file cannot be checked.", values.Span)]
        );

    public override string Write(string name, string? title, string template, Json5Object values) =>
        Json5Writer.WriteFile(
            title is null || values.Has("name")
                ? values
                : Json5Object.Of([("name", new Json5String(title)), .. values.Members.Select(member => (member.Name, member.Value))])
        );

    public override Json5Edited Edit(string text, IReadOnlyList<(string Field, Json5Node? Value)> changes) => EditJson5(text, changes);

    public override string Redact(string text) => LiteralSecrets.Redact(Json5Reader.Read(text));

    public override void Check(string template, IReadOnlyList<(string Field, Json5Node? Value)> changes) =>
        FieldCheck.ThrowIfInvalid(templates, TemplateId, changes);
}

/// <summary>Files whose <c>template</c> key names a user-defined template.</summary>
internal sealed class ItemFormat(TemplateCatalog templates) : DocumentFormat(CodexCollection.Items, ".json5")
{
    public const string TemplateField = "template";

    public override string? WorkspaceFolder => "items";

    public override string TemplateIdOf(string name, Json5Object values) => values.GetString(TemplateField) ?? "";

    public override object? DependsOn(Json5Object values) => templates.Find(TemplateIdOf("", values));

    /// <summary>True if codices with this template are items.</summary>
    public static bool Accepts(TemplateCatalog templates, string templateId) =>
        templates.CollectionOf(templateId) == TemplateCollection.Items;

    public override DocumentReading Read(string name, byte[] bytes) =>
        ReadJson5(
            bytes,
            (_, values) =>
            {
                var at = values.Find(TemplateField)?.Span ?? values.Span;
                if (values.GetString(TemplateField) is not { Length: > 0 } id)
                {
                    return [DocumentProblem.Error("`template` is missing. Set it to the template of this item.", at)];
                }
                if (!Accepts(templates, id))
                {
                    return [DocumentProblem.Error($"Documents of the template `{id}` are not stored in items.", at)];
                }
                if (templates.Find(id) is not { } template)
                {
                    var known = templates.List().Where(entry => entry.Template is not null).Select(entry => entry.Id);
                    return
                    [
                        DocumentProblem.Error($"The template `{id}` does not exist or has errors.{NearestName.Hint(id, known)}", at) with
                        {
                            Code = FindingCodes.Reference,
                        },
                    ];
                }

                return TemplateValidation.Check(template, FieldCheck.Without(values, TemplateField));
            }
        );

    public override string Write(string name, string? title, string template, Json5Object values)
    {
        var titleField = TitleField(Json5Object.Of((TemplateField, new Json5String(template))));
        List<(string, Json5Node)> members = [(TemplateField, new Json5String(template))];
        if (title is not null && !values.Has(titleField) && templates.Find(template)?.Field(titleField) is not null)
        {
            members.Add((titleField, new Json5String(title)));
        }
        return Json5Writer.WriteFile(
            Json5Object.Of([
                .. members,
                .. values.Members.Where(member => member.Name != TemplateField).Select(member => (member.Name, member.Value)),
            ])
        );
    }

    public override string TitleField(Json5Object values) =>
        templates.Find(TemplateIdOf("", values))?.Field("name") is not null ? "name" : "title";

    public override Json5Edited Edit(string text, IReadOnlyList<(string Field, Json5Node? Value)> changes) => EditJson5(text, changes);

    public override string Redact(string text) => LiteralSecrets.Redact(Json5Reader.Read(text));

    public override void Check(string template, IReadOnlyList<(string Field, Json5Node? Value)> changes) =>
        FieldCheck.ThrowIfInvalid(templates, template, [.. changes.Where(change => change.Field != TemplateField)]);
}

/// <summary>Files that define templates.</summary>
internal sealed class TemplateFormat(TemplateCatalog templates) : DocumentFormat(CodexCollection.Templates, ".json5")
{
    public override string? WorkspaceFolder => "templates";

    /// <summary>False for a file with errors or of a kind that is not allowed in a workspace.</summary>
    public override bool WorkspaceWins(string name) => templates.FindEntry(name)?.Layer == TemplateLayer.Workspace;

    public override IEnumerable<string> ShippedNames => TemplateCatalog.ShippedIds();

    public override byte[]? ReadShipped(string name) => TemplateCatalog.ReadShipped(name);

    public override string TemplateIdOf(string name, Json5Object values) => name;

    /// <summary>Returns a new object each time, so that a file is always parsed again: its parents are files that may have changed.</summary>
    public override object? DependsOn(Json5Object values) => new();

    public override DocumentReading Read(string name, byte[] bytes) => Read(name, bytes, TemplateLayer.User);

    public override DocumentReading Read(string name, byte[] bytes, TemplateLayer layer) =>
        ReadJson5(bytes, (_, values) => templates.Check(name, bytes, layer).Problems) is var reading && reading.IsBroken
            ? reading
            : reading with
            {
                IsBroken = reading.Problems.Any(problem => problem.IsError),
            };

    public override string Write(string name, string? title, string template, Json5Object values)
    {
        List<(string, Json5Node)> members = [("id", new Json5String(name)), ("name", new Json5String(title ?? name))];
        if (template.Length > 0)
        {
            members.Add(("parent_template", new Json5String(template)));
        }
        members.Add(("fields", Json5Array.Of(Enumerable.Empty<Json5Node>())));
        return Json5Writer.WriteFile(
            values.Members.Aggregate(
                Json5Object.Of(members),
                (made, member) => member.Name == "id" ? made : made.With(member.Name, member.Value)
            )
        );
    }

    public override Json5Edited Edit(string text, IReadOnlyList<(string Field, Json5Node? Value)> changes) => EditJson5(text, changes);

    public override string Renamed(string text, string name) => Json5Edit.Set(text, ["id"], new Json5String(name)).Text;

    public override string Redact(string text) => LiteralSecrets.Redact(Json5Reader.Read(text));
}

/// <summary>Markdown files; their values are the <see cref="FrontMatter"/>.</summary>
internal sealed class PromptFormat() : DocumentFormat(CodexCollection.Prompts, ".md")
{
    public const string TemplateId = "markdown";
    private const string Prefix = "prompts/";
    private static readonly string[] Fields = ["name", "description", "tags", PromptArguments.Field];

    public override string? WorkspaceFolder => "prompts";

    public override IEnumerable<string> ShippedNames =>
        Assembly
            .GetExecutingAssembly()
            .GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Extension, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Extension.Length])
            .Where(name => !name.Contains('/', StringComparison.Ordinal));

    public override byte[]? ReadShipped(string name) => DocumentFile.ReadResource(Prefix + name + Extension);

    public override string TemplateIdOf(string name, Json5Object values) => TemplateId;

    public override object? DependsOn(Json5Object values) => null;

    /// <summary>Returns null if the bytes are not UTF-8.</summary>
    public static string? Decode(byte[] bytes)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    public override DocumentReading Read(string name, byte[] bytes)
    {
        if (Decode(bytes) is not { } text)
        {
            return new DocumentReading(Json5Object.Empty, [NotText], IsBroken: true);
        }

        var parsed = FrontMatter.Parse(text);
        List<DocumentProblem> problems = [.. parsed.Problems, .. TemplateValidation.CheckTags(parsed.Values)];
        PromptArguments.Read(parsed.Values, problems);
        problems.AddRange(
            parsed
                .Values.Members.Where(member => !Fields.Contains(member.Name))
                .Select(member =>
                    DocumentProblem.Warning(
                        $"A prompt has no field `{member.Name}`, so it has no effect.{NearestName.Hint(member.Name, Fields)}",
                        member.NameSpan
                    )
                )
        );
        if (HiddenCharacters.Count(text.TrimStart('\uFEFF')) is > 0 and var hidden)
        {
            problems.Add(
                new DocumentProblem(
                    hidden == 1
                        ? "The file has an invisible character that a model reads."
                        : $"The file has {hidden} invisible characters that a model reads.",
                    1,
                    1,
                    IsError: false
                )
            );
        }

        if (LiteralSecrets.IsInText(text))
        {
            problems.Add(new DocumentProblem(LiteralSecrets.Message, 1, 1, IsError: true) { Code = FindingCodes.Secret });
        }

        return new DocumentReading(parsed.Values, problems, IsBroken: false);
    }

    public static DocumentProblem NotText { get; } = new("The file is not UTF-8 text. Save it as UTF-8.", 1, 1, IsError: true);

    public override string Write(string name, string? title, string template, Json5Object values) =>
        values.Members.Aggregate("", (text, member) => Set(text, member.Name, member.Value)) is { Length: > 0 } head
            ? head
            : Set("", "name", new Json5String(title ?? name));

    public override Json5Edited Edit(string text, IReadOnlyList<(string Field, Json5Node? Value)> changes) =>
        new(changes.Aggregate(text, (edited, change) => Set(edited, change.Field, change.Value)));

    public override string Redact(string text) => LiteralSecrets.Redact(text);

    public override void Check(string template, IReadOnlyList<(string Field, Json5Node? Value)> changes)
    {
        if (changes.Select(change => change.Field).FirstOrDefault(field => !Fields.Contains(field)) is { } unknown)
        {
            throw new FailureException(
                FailureKind.MissingField,
                $"Nothing was changed. A prompt has no field `{unknown}`.{NearestName.Hint(unknown, Fields)}"
            );
        }
    }

    private static string Set(string text, string field, Json5Node? value) =>
        FrontMatter.Set(text, field, value)
        ?? throw new FailureException(
            FailureKind.MissingField,
            $"Nothing was changed. `{field}` of a prompt must be a string or a list of strings."
        );
}

/// <summary>Validates single values against a template before they are written.</summary>
internal static class FieldCheck
{
    /// <exception cref="FailureException">MissingField: an unknown field or an invalid value. NotFound: no such template.</exception>
    public static void ThrowIfInvalid(TemplateCatalog templates, string templateId, IReadOnlyList<(string Field, Json5Node? Value)> changes)
    {
        var template =
            templates.Find(templateId)
            ?? throw new FailureException(FailureKind.NotFound, $"The template {templateId} is missing, so nothing was changed.");
        ThrowIfInvalid(template, changes);
    }

    /// <exception cref="FailureException">MissingField: an unknown field or an invalid value.</exception>
    public static void ThrowIfInvalid(Template template, IReadOnlyList<(string Field, Json5Node? Value)> changes)
    {
        // A removed field must be known as well; otherwise it is a typo.
        var values = Json5Object.Of(
            changes
                .Where(change => change.Value is not null || template.Field(change.Field) is null)
                .Select(change =>
                    (
                        change.Field,
                        change.Value
                            ?? (
                                change.Field == TemplateValidation.TagsField
                                    ? Json5Array.Of(Enumerable.Empty<Json5Node>())
                                    : new Json5Null()
                            )
                    )
                )
        );
        var wrong = TemplateValidation
            .Check(template with { Fields = [.. template.Fields.Select(field => field with { Required = false })] }, values)
            .FirstOrDefault(problem => problem.IsError);
        if (wrong is not null)
        {
            throw new FailureException(FailureKind.MissingField, $"Nothing was changed. {wrong.Message}");
        }
    }

    public static Json5Object Without(Json5Object values, string field) =>
        new([.. values.Members.Where(member => member.Name != field)]) { Span = values.Span };
}
