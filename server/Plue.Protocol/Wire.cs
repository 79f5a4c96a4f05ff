using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Plue.Protocol;

/// <summary>The only JSON options of the RPC: camelCase, enums as camelCase strings, nulls omitted.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = false
)]
[JsonSerializable(typeof(Empty))]
[JsonSerializable(typeof(ApprovalListResult))]
[JsonSerializable(typeof(ApprovalChangedParams))]
[JsonSerializable(typeof(ApprovalContentParams))]
[JsonSerializable(typeof(ApprovalContentResult))]
[JsonSerializable(typeof(ApprovalAnswerParams))]
[JsonSerializable(typeof(ApprovalRulesResult))]
[JsonSerializable(typeof(ApprovalDeleteRuleParams))]
[JsonSerializable(typeof(TaskSpawnParams))]
[JsonSerializable(typeof(BackgroundListParams))]
[JsonSerializable(typeof(BackgroundListResult))]
[JsonSerializable(typeof(BackgroundIdParams))]
[JsonSerializable(typeof(BackgroundReadParams))]
[JsonSerializable(typeof(BackgroundReadResult))]
[JsonSerializable(typeof(BackgroundSendParams))]
[JsonSerializable(typeof(BackgroundKeepParams))]
[JsonSerializable(typeof(BackgroundChangedParams))]
[JsonSerializable(typeof(TriggerListResult))]
[JsonSerializable(typeof(TriggerSetEnabledParams))]
[JsonSerializable(typeof(TriggerUriParams))]
[JsonSerializable(typeof(TriggerSavedParams))]
[JsonSerializable(typeof(TriggerGitParams))]
[JsonSerializable(typeof(TriggerProblemsParams))]
[JsonSerializable(typeof(TriggerChangedParams))]
[JsonSerializable(typeof(PlanUriParams))]
[JsonSerializable(typeof(PlanRunParams))]
[JsonSerializable(typeof(PlanView))]
[JsonSerializable(typeof(CompareStartParams))]
[JsonSerializable(typeof(CompareUriParams))]
[JsonSerializable(typeof(CompareChooseParams))]
[JsonSerializable(typeof(CompareListResult))]
[JsonSerializable(typeof(CompareView))]
[JsonSerializable(typeof(WorktreeView))]
[JsonSerializable(typeof(WorktreeListResult))]
[JsonSerializable(typeof(WorktreeMergeParams))]
[JsonSerializable(typeof(WorktreeMergeResult))]
[JsonSerializable(typeof(WorktreeCheckResult))]
[JsonSerializable(typeof(WorktreeTaskParams))]
[JsonSerializable(typeof(WorktreeCommitParams))]
[JsonSerializable(typeof(WorktreeCommitResult))]
[JsonSerializable(typeof(WorktreeChangesResult))]
[JsonSerializable(typeof(WorktreeContentParams))]
[JsonSerializable(typeof(WorktreePendingResult))]
[JsonSerializable(typeof(WorktreePullRequestPlan))]
[JsonSerializable(typeof(WorktreePullRequestParams))]
[JsonSerializable(typeof(WorktreePullRequestResult))]
[JsonSerializable(typeof(WorktreeRemoveResult))]
[JsonSerializable(typeof(ReviewStartParams))]
[JsonSerializable(typeof(ReviewProgressParams))]
[JsonSerializable(typeof(ReviewIdParams))]
[JsonSerializable(typeof(ReviewDecideParams))]
[JsonSerializable(typeof(ReviewApplyParams))]
[JsonSerializable(typeof(ReviewApplyResult))]
[JsonSerializable(typeof(ReviewListResult))]
[JsonSerializable(typeof(ReviewView))]
[JsonSerializable(typeof(TaskConvertParams))]
[JsonSerializable(typeof(TaskListParams))]
[JsonSerializable(typeof(TaskListResult))]
[JsonSerializable(typeof(TaskView))]
[JsonSerializable(typeof(TaskUriParams))]
[JsonSerializable(typeof(TaskStopParams))]
[JsonSerializable(typeof(TaskSteerParams))]
[JsonSerializable(typeof(TaskSetBudgetParams))]
[JsonSerializable(typeof(TaskDetail))]
[JsonSerializable(typeof(TaskEventParams))]
[JsonSerializable(typeof(EditListParams))]
[JsonSerializable(typeof(EditListResult))]
[JsonSerializable(typeof(EditDecideParams))]
[JsonSerializable(typeof(EditTurnParams))]
[JsonSerializable(typeof(EditContentParams))]
[JsonSerializable(typeof(EditContentResult))]
[JsonSerializable(typeof(EditChangedParams))]
[JsonSerializable(typeof(HealthCheckParams))]
[JsonSerializable(typeof(HealthCheckResult))]
[JsonSerializable(typeof(McpListResult))]
[JsonSerializable(typeof(McpApproveParams))]
[JsonSerializable(typeof(McpNameParams))]
[JsonSerializable(typeof(McpSignInResult))]
[JsonSerializable(typeof(McpImportableParams))]
[JsonSerializable(typeof(McpImportableResult))]
[JsonSerializable(typeof(McpImportParams))]
[JsonSerializable(typeof(McpImportResult))]
[JsonSerializable(typeof(McpPromptsResult))]
[JsonSerializable(typeof(McpPromptParams))]
[JsonSerializable(typeof(McpPromptResult))]
[JsonSerializable(typeof(InitializeParams))]
[JsonSerializable(typeof(InitializeResult))]
[JsonSerializable(typeof(WorkspaceTrustParams))]
[JsonSerializable(typeof(KeepRunningParams))]
[JsonSerializable(typeof(WorkspaceFoldersParams))]
[JsonSerializable(typeof(ErrorData))]
[JsonSerializable(typeof(CodexListParams))]
[JsonSerializable(typeof(CodexListResult))]
[JsonSerializable(typeof(CodexGetParams))]
[JsonSerializable(typeof(CodexGetResult))]
[JsonSerializable(typeof(CodexCreateParams))]
[JsonSerializable(typeof(CodexUpdateParams))]
[JsonSerializable(typeof(CodexDeleteParams))]
[JsonSerializable(typeof(CodexChangedParams))]
[JsonSerializable(typeof(CodexSummary))]
[JsonSerializable(typeof(MessageSendParams))]
[JsonSerializable(typeof(MessageSendResult))]
[JsonSerializable(typeof(MessageStopParams))]
[JsonSerializable(typeof(MessageStopCallParams))]
[JsonSerializable(typeof(MessageRetryParams))]
[JsonSerializable(typeof(MessageDiscardParams))]
[JsonSerializable(typeof(MessageEventParams))]
[JsonSerializable(typeof(CodexUriParams))]
[JsonSerializable(typeof(CodexForkParams))]
[JsonSerializable(typeof(CodexSwitchBranchParams))]
[JsonSerializable(typeof(CodexChangeTemplateParams))]
[JsonSerializable(typeof(CodexHistoryResult))]
[JsonSerializable(typeof(CodexLinksResult))]
[JsonSerializable(typeof(CodexExportParams))]
[JsonSerializable(typeof(CodexExportResult))]
[JsonSerializable(typeof(CodexImportParams))]
[JsonSerializable(typeof(CodexImportResult))]
[JsonSerializable(typeof(CodexImportableParams))]
[JsonSerializable(typeof(CodexImportableResult))]
[JsonSerializable(typeof(MessageSteerParams))]
[JsonSerializable(typeof(MessageUnqueueParams))]
[JsonSerializable(typeof(MessageEditParams))]
[JsonSerializable(typeof(MessageListParams))]
[JsonSerializable(typeof(MessageListResult))]
[JsonSerializable(typeof(MessageIdParams))]
[JsonSerializable(typeof(MessageView))]
[JsonSerializable(typeof(MessageCodexParams))]
[JsonSerializable(typeof(MessageOutlineResult))]
[JsonSerializable(typeof(MessageFindParams))]
[JsonSerializable(typeof(MessageFindResult))]
[JsonSerializable(typeof(MessageCompactResult))]
[JsonSerializable(typeof(MessageContextParams))]
[JsonSerializable(typeof(MessageContextResult))]
[JsonSerializable(typeof(MessageInstructionsResult))]
[JsonSerializable(typeof(MessageAllowInstructionsParams))]
[JsonSerializable(typeof(MessagePromptParams))]
[JsonSerializable(typeof(MessagePromptResult))]
[JsonSerializable(typeof(MessageCommandsParams))]
[JsonSerializable(typeof(MessageCommandsResult))]
[JsonSerializable(typeof(MessageSessionOptionsParams))]
[JsonSerializable(typeof(MessageSessionOptionsResult))]
[JsonSerializable(typeof(AttachmentInspectParams))]
[JsonSerializable(typeof(AttachmentView))]
[JsonSerializable(typeof(AttachmentStoreParams))]
[JsonSerializable(typeof(AttachmentReadParams))]
[JsonSerializable(typeof(AttachmentReadResult))]
[JsonSerializable(typeof(AttachmentFetchParams))]
[JsonSerializable(typeof(AttachmentFetchResult))]
[JsonSerializable(typeof(SearchChatsParams))]
[JsonSerializable(typeof(SearchChatsResult))]
[JsonSerializable(typeof(SearchHitsParams))]
[JsonSerializable(typeof(ProviderListResult))]
[JsonSerializable(typeof(ProviderDiscoverResult))]
[JsonSerializable(typeof(ProviderConfigureParams))]
[JsonSerializable(typeof(ProviderSummary))]
[JsonSerializable(typeof(ProviderIdParams))]
[JsonSerializable(typeof(ProviderModelsResult))]
[JsonSerializable(typeof(ClaudeCodeCheckResult))]
[JsonSerializable(typeof(VaultStatusResult))]
[JsonSerializable(typeof(VaultUnlockMethodParams))]
[JsonSerializable(typeof(VaultStoreParams))]
[JsonSerializable(typeof(VaultListResult))]
[JsonSerializable(typeof(VaultEntrySummary))]
[JsonSerializable(typeof(VaultDeleteParams))]
[JsonSerializable(typeof(ProviderDetail))]
[JsonSerializable(typeof(ProviderSetEnabledParams))]
[JsonSerializable(typeof(ProviderDeleteParams))]
[JsonSerializable(typeof(ProviderModelsParams))]
[JsonSerializable(typeof(ProviderSignInResult))]
[JsonSerializable(typeof(ProviderExecutablesResult))]
[JsonSerializable(typeof(ProviderApproveParams))]
[JsonSerializable(typeof(ExecutableView))]
[JsonSerializable(typeof(ProviderChangedParams))]
[JsonSerializable(typeof(CatalogListResult))]
[JsonSerializable(typeof(CatalogIdParams))]
[JsonSerializable(typeof(CatalogDetail))]
[JsonSerializable(typeof(CatalogSaveParams))]
[JsonSerializable(typeof(CatalogValidateParams))]
[JsonSerializable(typeof(CatalogValidateResult))]
[JsonSerializable(typeof(CatalogImportParams))]
[JsonSerializable(typeof(CatalogDeleteParams))]
[JsonSerializable(typeof(CatalogImportResult))]
[JsonSerializable(typeof(CatalogExportParams))]
[JsonSerializable(typeof(CatalogRefreshResult))]
[JsonSerializable(typeof(CatalogStatsResult))]
[JsonSerializable(typeof(CatalogStartingPointsResult))]
[JsonSerializable(typeof(CatalogBackupsResult))]
[JsonSerializable(typeof(CatalogRestoreParams))]
[JsonSerializable(typeof(VaultSetPassphraseParams))]
[JsonSerializable(typeof(VaultRotateParams))]
[JsonSerializable(typeof(VaultRenameParams))]
[JsonSerializable(typeof(VaultRenameResult))]
[JsonSerializable(typeof(VaultSetOriginsParams))]
[JsonSerializable(typeof(VaultReadEnvParams))]
[JsonSerializable(typeof(VaultReadEnvResult))]
[JsonSerializable(typeof(VaultImportEnvParams))]
[JsonSerializable(typeof(CompletionInlineParams))]
[JsonSerializable(typeof(CompletionInlineResult))]
[JsonSerializable(typeof(CompletionModelsResult))]
[JsonSerializable(typeof(ModelListResult))]
[JsonSerializable(typeof(ModelSendRequestParams))]
[JsonSerializable(typeof(ModelSendRequestResult))]
[JsonSerializable(typeof(ModelEventParams))]
[JsonSerializable(typeof(PlueToolCallParams))]
[JsonSerializable(typeof(PlueToolCallResult))]
[JsonSerializable(typeof(UsageParams))]
[JsonSerializable(typeof(UsageSummaryResult))]
[JsonSerializable(typeof(UsageCsvResult))]
[JsonSerializable(typeof(SettingsResult))]
[JsonSerializable(typeof(SettingsSetParams))]
[JsonSerializable(typeof(TemplateGetParams))]
[JsonSerializable(typeof(TemplateView))]
[JsonSerializable(typeof(HostLanguageModelsParams))]
[JsonSerializable(typeof(HostLanguageModelsResult))]
[JsonSerializable(typeof(HostLanguageModelParams))]
[JsonSerializable(typeof(HostLanguageModelResult))]
[JsonSerializable(typeof(HostLanguageModelEventParams))]
[JsonSerializable(typeof(HostNotifyParams))]
[JsonSerializable(typeof(HostReadDocumentParams))]
[JsonSerializable(typeof(HostReadDocumentResult))]
[JsonSerializable(typeof(HostWriteDocumentParams))]
[JsonSerializable(typeof(HostWriteDocumentResult))]
[JsonSerializable(typeof(HostProblemsParams))]
[JsonSerializable(typeof(HostProblemsResult))]
[JsonSerializable(typeof(HostSymbolsParams))]
[JsonSerializable(typeof(HostReferencesParams))]
[JsonSerializable(typeof(HostLocationsResult))]
[JsonSerializable(typeof(HostRenameParams))]
[JsonSerializable(typeof(HostRenameResult))]
[JsonSerializable(typeof(HostTestsParams))]
[JsonSerializable(typeof(HostTestsResult))]
[JsonSerializable(typeof(HostRunCellParams))]
[JsonSerializable(typeof(HostRunCellResult))]
[JsonSerializable(typeof(HostToolsResult))]
[JsonSerializable(typeof(HostCallToolParams))]
[JsonSerializable(typeof(HostCallToolResult))]
[JsonSerializable(typeof(VsCodeToolListResult))]
[JsonSerializable(typeof(VsCodeToolSelectParams))]
[JsonSerializable(typeof(SkillListResult))]
[JsonSerializable(typeof(SkillChooseParams))]
[JsonSerializable(typeof(SkillCreateParams))]
[JsonSerializable(typeof(SkillImportParams))]
[JsonSerializable(typeof(SkillFilesResult))]
[JsonSerializable(typeof(ProgramImportListResult))]
[JsonSerializable(typeof(ProgramImportFindParams))]
[JsonSerializable(typeof(ProgramImportFindResult))]
[JsonSerializable(typeof(ProgramImportRunParams))]
[JsonSerializable(typeof(ProgramImportRunResult))]
[JsonSerializable(typeof(ProgramImportUndoParams))]
[JsonSerializable(typeof(ProgramImportUndoResult))]
[JsonSerializable(typeof(WorkspaceUnsavedParams))]
[JsonSerializable(typeof(TemplateListParams))]
[JsonSerializable(typeof(TemplateListResult))]
[JsonSerializable(typeof(TemplateCheckParams))]
[JsonSerializable(typeof(TemplateCheckResult))]
[JsonSerializable(typeof(TemplateTryParams))]
[JsonSerializable(typeof(TemplateTryResult))]
[JsonSerializable(typeof(TemplateSchemaParams))]
[JsonSerializable(typeof(TemplateSchemaResult))]
[JsonSerializable(typeof(TemplateStartingPointsResult))]
[JsonSerializable(typeof(CodexRenameParams))]
[JsonSerializable(typeof(CodexRenameResult))]
[JsonSerializable(typeof(DidOpenTextDocumentParams))]
[JsonSerializable(typeof(DidChangeTextDocumentParams))]
[JsonSerializable(typeof(TextDocumentParams))]
[JsonSerializable(typeof(TextDocumentPositionParams))]
[JsonSerializable(typeof(ReferenceParams))]
[JsonSerializable(typeof(TextRenameParams))]
[JsonSerializable(typeof(CodeActionParams))]
[JsonSerializable(typeof(PublishDiagnosticsParams))]
[JsonSerializable(typeof(CompletionListView))]
[JsonSerializable(typeof(HoverView))]
[JsonSerializable(typeof(IReadOnlyList<DocumentLinkView>))]
[JsonSerializable(typeof(TextLocation))]
[JsonSerializable(typeof(IReadOnlyList<TextLocation>))]
[JsonSerializable(typeof(PrepareRenameView))]
[JsonSerializable(typeof(WorkspaceEditView))]
[JsonSerializable(typeof(IReadOnlyList<DocumentSymbolView>))]
[JsonSerializable(typeof(IReadOnlyList<TextEditView>))]
[JsonSerializable(typeof(IReadOnlyList<CodeActionView>))]
[JsonSerializable(typeof(RegistrationParams))]
[JsonSerializable(typeof(JsonElement))]
public sealed partial class WireContext : JsonSerializerContext;

public static class Wire
{
    /// <summary>Escapes only what JSON requires, because the stream is not HTML.</summary>
    public static readonly JsonSerializerOptions Options = new(WireContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>True if the member may be missing or null.</summary>
    public static bool IsOptional(JsonPropertyInfo property) =>
        Nullable.GetUnderlyingType(property.PropertyType) is not null || (!property.PropertyType.IsValueType && property.IsGetNullable);
}

/// <summary>The names of an enumeration whose values count from zero.</summary>
internal sealed class EnumNames(Type type)
{
    private readonly JsonEncodedText[] names =
    [
        .. Enum.GetNames(type).Select(name => JsonEncodedText.Encode(JsonNamingPolicy.CamelCase.ConvertName(name))),
    ];

    public int Read(ref Utf8JsonReader reader)
    {
        for (var i = 0; reader.TokenType == JsonTokenType.String && i < names.Length; i++)
        {
            if (reader.ValueTextEquals(names[i].EncodedUtf8Bytes))
            {
                return i;
            }
        }

        throw new JsonException();
    }

    public void Write(Utf8JsonWriter writer, int value) => writer.WriteStringValue(names[value]);
}

/// <summary>Shares its code between enumerations, because the library's converter takes 8 KB of the program for each.</summary>
public sealed class CamelCaseEnumConverter<T> : JsonConverter<T>
    where T : struct, Enum
{
    private readonly EnumNames names = new(typeof(T));

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var index = names.Read(ref reader);
        return Unsafe.As<int, T>(ref index);
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        names.Write(writer, Unsafe.As<T, int>(ref value));
}
