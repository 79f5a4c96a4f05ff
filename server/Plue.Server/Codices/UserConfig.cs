using System.Text;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>What <c>config.json5</c> says.</summary>
public sealed record UserConfig
{
    /// <summary>What new chats begin with: a provider's name or address, or <c>{provider, model}</c>.</summary>
    public const string DefaultLargeKey = "default_large";
    /// <summary>What small jobs use; in the same form.</summary>
    public const string DefaultSmallKey = "default_small";
    /// <summary>A list of such choices, tried when the one asked is down or over its limit.</summary>
    public const string FallbacksKey = "fallbacks";

    private static readonly string[] Keys = [DefaultLargeKey, DefaultSmallKey, FallbacksKey];
    private static readonly Lock Gate = new();

    /// <summary>Null while nobody chose.</summary>
    public ModelChoice? DefaultLarge { get; init; }
    public ModelChoice? DefaultSmall { get; init; }
    public IReadOnlyList<ModelChoice> Fallbacks { get; init; } = [];
    /// <summary>Everything the file says; empty when it is not followed.</summary>
    public Json5Object Values { get; init; } = Json5Object.Empty;
    /// <summary>With an error of the file's form it is not followed at all and the defaults count.</summary>
    public IReadOnlyList<DocumentProblem> Problems { get; init; } = [];

    /// <summary>A missing file says nothing. Keys that this version does not know are kept and passed over.</summary>
    public static UserConfig Read(PluePaths paths)
    {
        var (bytes, problem) = DocumentFile.Read(paths.Config);
        if (bytes is null) { return new UserConfig { Problems = problem is null ? [] : [problem] }; }

        var document = Json5Reader.Read(bytes);
        if (document.Root is null && document.Text.AsSpan().Trim('\uFEFF').IsWhiteSpace() && bytes.Length <= Json5Reader.MaxBytes) { return new UserConfig(); }

        var problems = DocumentProblem.From(document).Concat(LiteralSecrets.Find(document)).ToList();
        if (!document.IsValid) { return new UserConfig { Problems = problems }; }

        if (document.Root is not Json5Object values)
        {
            return new UserConfig { Problems = [DocumentProblem.Error("The file holds no object.", document.Root?.Span ?? default), .. problems] };
        }

        foreach (var member in values.Members.Where(member => !Keys.Contains(member.Name)))
        {
            if (NearestName.Of(member.Name, Keys) is { } nearest) { problems.Add(DocumentProblem.Warning($"`{member.Name}` is not known. Did you mean `{nearest}`?", member.NameSpan)); }
        }

        return new UserConfig
        {
            DefaultLarge = Choice(values.Find(DefaultLargeKey), DefaultLargeKey, problems),
            DefaultSmall = Choice(values.Find(DefaultSmallKey), DefaultSmallKey, problems),
            Fallbacks = Choices(values.Find(FallbacksKey), problems),
            Values = values,
            Problems = problems,
        };
    }

    /// <summary>Changes one setting and leaves the rest of the file as it was, comments included.</summary>
    /// <param name="value">Null takes it out of the file.</param>
    /// <exception cref="FailureException">Conflict: the file has a mistake and is left alone. PermissionDenied: a literal secret. StoreReadOnly.</exception>
    public static UserConfig Set(PluePaths paths, string key, Json5Node? value)
    {
        if (value is not null && LiteralSecrets.IsIn([key], value)) { throw new FailureException(FailureKind.PermissionDenied, LiteralSecrets.Message); }

        lock (Gate)
        {
            var (bytes, problem) = DocumentFile.Read(paths.Config);
            if (problem is not null) { throw new FailureException(FailureKind.Conflict, $"The settings were not changed. {problem.Message}"); }

            if (bytes is null && value is null) { return Read(paths); }

            var document = Json5Reader.Read(bytes ?? []);
            var text = document.Text;
            // An empty file is an error of JSON5 and no mistake here.
            var edited = value is not null && text.AsSpan().Trim('\uFEFF').IsWhiteSpace()
                ? Json5Edit.Set("", [key], value)
                : !document.IsValid ? new Json5Edited(text, document.Errors[0])
                : value is null ? Json5Edit.Remove(text, [key])
                : Json5Edit.Set(text, [key], value);
            if (edited.Error is { } error)
            {
                throw new FailureException(FailureKind.Conflict,
                    $"The settings were not changed, because {paths.Config} has a mistake at line {error.Span.Line}, column {error.Span.Column}: {error.Message} Open it and correct it.");
            }

            DocumentFile.Replace(paths.Config, Encoding.UTF8.GetBytes(edited.Text));
            return Read(paths);
        }
    }

    /// <param name="key"><see cref="DefaultLargeKey"/> or <see cref="DefaultSmallKey"/>.</param>
    /// <param name="choice">Null removes the choice.</param>
    /// <exception cref="FailureException">As for <see cref="Set"/>.</exception>
    public static UserConfig SetChoice(PluePaths paths, string key, ModelChoice? choice) => Set(paths, key, choice is null ? null : ToJson5(choice));

    private static Json5Node ToJson5(ModelChoice choice)
    {
        var provider = new Json5String(CodexUri.Of(CodexCollection.Providers, choice.ProviderId).Name);
        return choice.Model is { Length: > 0 } model ? Json5Object.Of(("provider", provider), ("model", new Json5String(model))) : provider;
    }

    private static ModelChoice? Choice(Json5Node? value, string key, List<DocumentProblem> problems)
    {
        if (value is null or Json5Null) { return null; }

        var (text, model) = value is Json5Object choice ? (choice.GetString("provider"), choice.GetString("model")) : ((value as Json5String)?.Value, null);
        if (CodexUri.TryParse(text, out var uri) ? uri.Collection == CodexCollection.Providers : CodexUri.TryOf(CodexCollection.Providers, text, out uri))
        {
            return new ModelChoice(uri.Name, string.IsNullOrWhiteSpace(model) ? null : model);
        }

        problems.Add(DocumentProblem.Error($"`{key}` is not the name of a provider.", value.Span));
        return null;
    }

    private static IReadOnlyList<ModelChoice> Choices(Json5Node? value, List<DocumentProblem> problems)
    {
        if (value is null or Json5Null) { return []; }
        if (value is Json5Array list) { return [.. list.Items.Select(item => Choice(item, FallbacksKey, problems)).OfType<ModelChoice>()]; }

        problems.Add(DocumentProblem.Error($"`{FallbacksKey}` is a list of providers.", value.Span));
        return [];
    }
}
