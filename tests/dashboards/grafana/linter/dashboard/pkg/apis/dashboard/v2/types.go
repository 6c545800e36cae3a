// Package v2 stands in for the types of Grafana's dashboard schema v2 that dashboard-linter names. Our dashboards are of
// the classic schema, for which the linter uses none of them; the module that has them is not on the Go module proxy.
package v2

type (
	DashboardSpec struct {
		Title       string
		Editable    *bool
		Elements    map[string]DashboardElement
		Variables   []DashboardVariableKind
		Annotations []DashboardAnnotationQueryKind
	}
	DashboardElement   struct{ PanelKind *DashboardPanelKind }
	DashboardPanelKind struct{ Spec DashboardPanelSpec }
	DashboardPanelSpec struct {
		Id          float64
		Title       string
		Description string
		VizConfig   struct {
			Group string
			Spec  struct{ FieldConfig, Options any }
		}
		Data struct {
			Spec struct{ Queries []DashboardPanelQueryKind }
		}
	}
	DashboardPanelQueryKind struct {
		Spec struct {
			RefId  string
			Hidden bool
			Query  DashboardDataQueryKind
		}
	}
	DashboardDataQueryKind struct {
		Group      string
		Datasource *struct{ Name *string }
		Spec       map[string]any
	}
	DashboardAnnotationQueryKind struct {
		Spec struct {
			Name  string
			Query DashboardDataQueryKind
		}
	}

	DashboardVariableRefresh string
	queryVariable            struct {
		Spec struct {
			Name            string
			Label, AllValue *string
			Multi           bool
			Refresh         DashboardVariableRefresh
			Query           DashboardDataQueryKind
		}
	}
	variable struct {
		Spec struct {
			Name, Query, PluginId string
			Label, AllValue       *string
			Multi                 bool
			Refresh               DashboardVariableRefresh
		}
	}
	DashboardVariableKind struct {
		QueryVariableKind                                                                       *queryVariable
		DatasourceVariableKind, CustomVariableKind, IntervalVariableKind, ConstantVariableKind *variable
		TextVariableKind, AdhocVariableKind, GroupByVariableKind, SwitchVariableKind           *variable
	}
)

const (
	DashboardVariableRefreshOnDashboardLoad    DashboardVariableRefresh = "onDashboardLoad"
	DashboardVariableRefreshOnTimeRangeChanged DashboardVariableRefresh = "onTimeRangeChanged"
)
