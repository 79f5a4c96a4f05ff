namespace Plue.Server.Permissions;

/// <summary>The permission mode of a chat or task.</summary>
public enum PermissionMode
{
    /// <summary>Requires approval for everything that changes something.</summary>
    Ask,

    /// <summary>Ordinary files of the workspace are changed without a question; they can be reviewed and undone.</summary>
    EditFreely,

    /// <summary>Plan mode: nothing is changed.</summary>
    PlanOnly,

    /// <summary>Questions only: files are read, nothing is changed or run.</summary>
    ReadOnly,
}

/// <summary>As fields and settings write it.</summary>
public static class PermissionModes
{
    public const string Field = "permission_mode";

    /// <returns>Null if not set: then the mode of the parent applies, or ask at the top level.</returns>
    public static PermissionMode? Find(string? text) =>
        text switch
        {
            null or "" => null,
            "edit" => PermissionMode.EditFreely,
            "plan" => PermissionMode.PlanOnly,
            "read" => PermissionMode.ReadOnly,
            _ => PermissionMode.Ask,
        };

    /// <summary>As <see cref="Find"/> reads it.</summary>
    public static string NameOf(PermissionMode mode) =>
        mode switch
        {
            PermissionMode.EditFreely => "edit",
            PermissionMode.PlanOnly => "plan",
            PermissionMode.ReadOnly => "read",
            _ => "ask",
        };

    /// <summary>Whether files, commands and subtasks are denied.</summary>
    public static bool DeniesChanges(this PermissionMode mode) => mode is PermissionMode.PlanOnly or PermissionMode.ReadOnly;
}
