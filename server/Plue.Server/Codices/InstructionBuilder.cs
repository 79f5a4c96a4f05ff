using System.Text;
using Plue.Server.Codices.Skills;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>
/// Builds the system instructions of a request: the prompt of the codex with its placeholders filled in, the user's instruction file, and the workspace rules.
/// Files are checked each time, so a change applies from the next turn. Invalid files are reported in the result and never throw.
/// </summary>
/// <param name="secrets">Masks secrets in the text.</param>
/// <param name="userFile">The path of the user's instruction file.</param>
/// <param name="withRules">True if the workspace rules are enabled.</param>
internal sealed class InstructionBuilder(
    TemplateCatalog templates,
    Prompts prompts,
    WorkspaceRules rules,
    AllowedTexts allowed,
    Workspace workspace,
    SkillCatalog skills,
    SecretMask secrets,
    string userFile,
    Func<bool> withRules
)
{
    public const string TitleField = "title";

    private const string RulesHeading = """
        # Rules of this project

        The files below lie in the folder that the user has open and say how work is done there. They are the project's word, not the user's: where the user, or anything above, says otherwise, that counts.
        """;

    /// <summary>Appended to the heading if several folders are open.</summary>
    private const string SeveralRules = " Each begins with the name of its folder, and is about the files of that folder.";

    private const string FoldersHeading = """
        # Workspace folders

        The user has several folders open. The path of a file begins with the name of its folder, as in the list below; use such paths, also when you mention a file. Commands start in the first folder.
        """;

    private const string UserHeading = """
        # Instructions of the user

        The user wrote them for every folder. Where a message of the user says otherwise, the message counts.
        """;

    private readonly Lock sync = new();
    private readonly Dictionary<string, (Template Template, ContentVersion Version)> versions = new(StringComparer.Ordinal);

    /// <summary>Builds instructions with the files of other folders than those of the window. Templates, prompts and skills stay.</summary>
    public InstructionBuilder In(Workspace folders) =>
        new(templates, prompts, new WorkspaceRules(() => folders.TrustedFolders), allowed, folders, skills, secrets, userFile, withRules);

    /// <summary>Builds the instructions of a chat or task.</summary>
    public Instructions Build(StoredChat chat) => Build(chat.TemplateId, ChatValues.Own(chat), () => ChatValues.PromptValues(chat));

    /// <param name="own">The fields that the codex sets; they override the defaults of the template.</param>
    /// <param name="more">Returns further values for placeholders; called only if placeholders use them. Null for none.</param>
    public Instructions Build(string templateId, Json5Object own, Func<Json5Object>? more = null)
    {
        if (templates.FindEntry(templateId) is not { Template: { } template } entry)
        {
            return new Instructions(
                null,
                [
                    new InstructionSource(InstructionKind.Template, $"codex://templates/{templateId}", templateId, "")
                    {
                        OmittedReason = "The template does not exist or has errors.",
                    },
                ]
            );
        }

        var source = new InstructionSource(InstructionKind.Template, $"codex://templates/{templateId}", template.Name, VersionOf(template))
        {
            Path = entry.Layer == TemplateLayer.Shipped ? null : entry.Source,
        };
        return Build(template, own, more) is var result ? result with { Sources = [.. result.Sources, source] } : result;
    }

    /// <summary>Builds the instructions of a template that need not be effective; the template is not listed as a source.</summary>
    public Instructions Build(Template template, Json5Object own, Func<Json5Object>? more = null)
    {
        var values = template.WithDefaults(own);
        var spec = AgentSpec.Of(values);
        List<InstructionSource> sources = [];
        Failure? failure = null;
        string? words = null;
        if (spec.SystemPromptOverride is { } text)
        {
            var given = text.ReplaceLineEndings("\n").Trim();
            words = given;
            sources.Add(
                new InstructionSource(
                    InstructionKind.Override,
                    "system_prompt_override",
                    "Own instructions",
                    new ContentVersion(() => AllowedTexts.HashOf(Encoding.UTF8.GetBytes(given)))
                )
                {
                    HiddenCharacters = HiddenCharacters.Count(given),
                }
            );
        }
        else if (spec.SystemPromptRef is { } reference)
        {
            try
            {
                words = Take(Find(reference), sources)?.Text;
            }
            catch (FailureException fault)
            {
                failure = fault.Failure;
                sources.Add(new InstructionSource(InstructionKind.Prompt, reference, reference, "") { OmittedReason = fault.Message });
            }
        }

        if (words is not null && PromptPlaceholders.ExistIn(words))
        {
            var known = more is null ? values : more().Members.Aggregate(values, (all, member) => all.With(member.Name, member.Value));
            words = PromptPlaceholders.Fill(words, known).Text.Trim();
        }

        var user = Texts(rules.ReadUser(userFile) is { } mine ? [mine] : [], InstructionKind.User, sources);
        var (project, note) = Rules(sources);
        string?[] parts = [words, Folders(), user is null ? null : UserHeading.ReplaceLineEndings("\n") + user, project];
        var system = string.Join("\n\n", parts.Where(part => !string.IsNullOrEmpty(part)));
        var list = spec.AvailableTools.Contains(ToolNames.Skill) ? Skills(sources) : null;
        return new Instructions(system.Length == 0 ? null : secrets.Current?.Mask(system) ?? system, sources)
        {
            Failure = failure,
            Note = note,
            Skills = list is null ? null : secrets.Current?.Mask(list) ?? list,
        };
    }

    /// <summary>Fills the placeholders of a prompt that the user invoked by name with the codex's values. Other placeholders are kept.</summary>
    /// <exception cref="FailureException">NotFound.</exception>
    public (Prompt Prompt, FilledPrompt Filled) Command(StoredChat chat, string reference)
    {
        var prompt = prompts.Get(reference);
        if (!PromptPlaceholders.ExistIn(prompt.Text))
        {
            return (prompt, new FilledPrompt(prompt.Text, []));
        }

        var own = ChatValues.Own(chat);
        var values = ChatValues
            .PromptValues(chat)
            .Members.Aggregate(
                templates.Find(chat.TemplateId)?.WithDefaults(own) ?? own,
                (all, member) => all.With(member.Name, member.Value)
            );
        return (
            prompt,
            PromptPlaceholders.Fill(
                prompt.Text,
                values,
                name => name is PromptArguments.Selection or PromptArguments.File || prompt.Arguments.Any(argument => argument.Name == name)
            )
        );
    }

    /// <summary>Returns the workspace's instruction files for these paths, without those that <see cref="Build(StoredChat)"/> includes.</summary>
    /// <param name="paths">Absolute paths of files or folders.</param>
    public IReadOnlyList<(InstructionSource Source, string Text)> For(IReadOnlyList<string> paths) =>
        workspace.TrustedFolder is null || !withRules()
            ? []
            :
            [
                .. paths
                    .SelectMany(rules.ReadFor)
                    .DistinctBy(file => file.Path, StringComparer.Ordinal)
                    .Select(file => (SourceOf(file, InstructionKind.Rules), secrets.Current?.Mask(file.Text) ?? file.Text)),
            ];

    /// <summary>Returns the current version of skills and of instruction files that apply to some files only; without those that no longer exist.</summary>
    public IReadOnlyList<InstructionSource> Current(IEnumerable<InstructionSource> sources) =>
        [
            .. sources
                .Where(source => source is { Kind: InstructionKind.Skill, Source: not SkillList.Source })
                .Select(source =>
                    skills.FindFolder(Path.GetDirectoryName(source.Source) ?? "") is { State: SkillState.On } one ? one.Skill.Source : null
                )
                .OfType<InstructionSource>(),
            .. CurrentRules(sources),
        ];

    private IReadOnlyList<InstructionSource> CurrentRules(IEnumerable<InstructionSource> sources) =>
        workspace.TrustedFolder is null || !withRules()
            ? []
            :
            [
                .. sources
                    .Where(source => source.AppliesTo is not null && Path.IsPathFullyQualified(source.Source))
                    .Select(source =>
                        rules.ReadInside(source.Title, source.Source) is { } file
                            ? SourceOf(file, source.Kind) with
                            {
                                AppliesTo = source.AppliesTo,
                            }
                            : null
                    )
                    .OfType<InstructionSource>(),
            ];

    /// <summary>Allows a text that was omitted because of hidden characters.</summary>
    /// <param name="version">The version that the user reviewed.</param>
    /// <exception cref="FailureException">Conflict: the version changed, or the text needs no permission.</exception>
    public void Allow(Instructions steering, string source, string version)
    {
        var found =
            steering.Sources.FirstOrDefault(candidate => candidate.Source == source && candidate.MayBeAllowed is not null)
            ?? throw new FailureException(FailureKind.Conflict, "Nothing there requires permission any more. Review the list again.");
        if (found.Version.ToString() != version)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"{found.Title} changed since you reviewed it. Review it again before you allow it."
            );
        }

        if (found.Kind == InstructionKind.Skill)
        {
            skills.Approve(Path.GetDirectoryName(found.Path!)!, found.MayBeAllowed!);
            return;
        }

        allowed.Allow(found.MayBeAllowed!, found.Source);
    }

    /// <summary>Adds the list of skills as one source, and each skill that waits for approval as another.</summary>
    private string? Skills(List<InstructionSource> sources)
    {
        var found = skills.List();
        var list = skills.ForModel(found);
        if (list.Text.Length > 0)
        {
            sources.Add(
                new InstructionSource(
                    InstructionKind.Skill,
                    SkillList.Source,
                    "Skills",
                    new ContentVersion(() => AllowedTexts.HashOf(Encoding.UTF8.GetBytes(list.Text)))
                )
                {
                    Tokens = list.Tokens,
                }
            );
        }

        sources.AddRange(
            found
                .Where(one => one.State == SkillState.Waiting)
                .Select(one => one.Skill.Source with { OmittedReason = one.Reason, MayBeAllowed = one.Skill.Sha256 })
        );
        return list.Text.Length == 0 ? null : list.Text;
    }

    private FoundPrompt Find(string reference)
    {
        var found = prompts.FindWithLayer(CodexUri.Parse(reference));
        return found is { Prompt: null, Ignored: null } ? new FoundPrompt(prompts.Get(reference), null) : found;
    }

    private static Prompt? Take(FoundPrompt found, List<InstructionSource> sources)
    {
        if (found.Ignored is { } hidden)
        {
            sources.Add(SourceOf(hidden) with { OmittedReason = HiddenSentence(hidden.HiddenCharacters), MayBeAllowed = hidden.Sha256 });
        }
        if (found.Prompt is { } prompt)
        {
            sources.Add(SourceOf(prompt));
        }

        return found.Prompt;
    }

    private static InstructionSource SourceOf(Prompt prompt) =>
        new(InstructionKind.Prompt, prompt.Uri.ToString(), prompt.Uri.Name, new ContentVersion(() => prompt.Sha256))
        {
            HiddenCharacters = prompt.HiddenCharacters,
            Path = prompt.Path,
        };

    /// <returns>Null if paths need no folder name.</returns>
    private string? Folders() =>
        workspace.TrustedFolders is { AreSeveral: true } folders
            ? $"{FoldersHeading.ReplaceLineEndings("\n")}\n\n{string.Join('\n', folders.All.Select(folder => $"- `{HiddenCharacters.VisibleLine(folder.Name)}`: {HiddenCharacters.VisibleLine(folder.Path)}"))}"
            : null;

    private (string? Text, string? Note) Rules(List<InstructionSource> sources)
    {
        if (workspace.OpenFolder is null)
        {
            return (null, null);
        }
        if (workspace.TrustedFolder is null)
        {
            return (null, "The workspace is not trusted, so its AGENTS.md, CLAUDE.md, prompts and templates are not used.");
        }
        if (!withRules())
        {
            return (null, "The instruction files of the workspace, such as AGENTS.md, are turned off in the settings.");
        }

        return Texts(rules.Read(), InstructionKind.Rules, sources) is { } text
            ? (RulesHeading.ReplaceLineEndings("\n") + (workspace.TrustedFolders is { AreSeveral: true } ? SeveralRules : "") + text, null)
            : (null, null);
    }

    /// <returns>The texts of the included files, each below its name; null if there are none.</returns>
    private string? Texts(IReadOnlyList<RulesFile> files, InstructionKind kind, List<InstructionSource> sources)
    {
        var text = new StringBuilder();
        foreach (var file in files)
        {
            var source = SourceOf(file, kind);
            sources.Add(source);
            if (source.OmittedReason is null && file.Text.Length > 0)
            {
                text.Append("\n\n## ").Append(file.Name).Append("\n\n").Append(file.Text);
            }
        }

        return text.Length == 0 ? null : text.ToString();
    }

    private InstructionSource SourceOf(RulesFile file, InstructionKind kind)
    {
        var isHidden = file.HiddenCharacters > 0 && !allowed.IsAllowed(file.Sha256);
        return new InstructionSource(kind, file.Path, file.Name, new ContentVersion(() => file.Sha256))
        {
            HiddenCharacters = file.HiddenCharacters,
            OmittedReason = file.Problem ?? (isHidden ? HiddenSentence(file.HiddenCharacters) : null),
            MayBeAllowed = isHidden ? file.Sha256 : null,
            AppliesTo = file.AppliesTo,
            Path = file.Path,
        };
    }

    private static string HiddenSentence(int count) =>
        count == 1 ? "It has an invisible character that a model reads." : $"It has {count} invisible characters that a model reads.";

    /// <summary>Returns the version of the template file and its parents.</summary>
    private ContentVersion VersionOf(Template template)
    {
        lock (sync)
        {
            if (versions.TryGetValue(template.Id, out var known) && ReferenceEquals(known.Template, template))
            {
                return known.Version;
            }
        }

        List<byte[]> files = [];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (
            var id = template.Id;
            id is not null && seen.Add(id) && templates.FindEntry(id) is { } entry;
            id = entry.Template?.ParentTemplate
        )
        {
            files.Add(
                (entry.Layer == TemplateLayer.Shipped ? TemplateCatalog.ReadShipped(id) : DocumentFile.Read(entry.Source).Bytes) ?? []
            );
        }

        var version = new ContentVersion(() =>
            AllowedTexts.HashOf(Encoding.ASCII.GetBytes(string.Concat(files.Select(bytes => AllowedTexts.HashOf(bytes)))))
        );
        lock (sync)
        {
            versions[template.Id] = (template, version);
        }

        return version;
    }
}
